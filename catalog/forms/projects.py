"""Forms about projects and environments. What the actions check is left to them."""

from typing import Final

from django import forms

from catalog.models import RiskTier, Tier

LONGEST_DESCRIPTION: Final = 2000


class ProjectForm(forms.Form):
    """What may change about a project."""

    name = forms.CharField(max_length=100, help_text="As people call it, such as Payments.")
    risk_tier = forms.ChoiceField(
        choices=RiskTier,
        initial=RiskTier.MEDIUM,
        label="Risk",
        help_text="How much harm a wrong release can do. The inbox shows the riskiest first.",
    )
    description = forms.CharField(
        required=False, max_length=LONGEST_DESCRIPTION, widget=forms.Textarea(attrs={"rows": 3})
    )


class NewProjectForm(ProjectForm):
    """A new project."""

    slug = forms.CharField(
        max_length=63,
        label="Short name",
        help_text="Lower-case letters, digits and hyphens. It stands in addresses and stays.",
        widget=forms.TextInput(attrs={"autocapitalize": "off", "spellcheck": "false"}),
    )

    field_order = ("name", "slug", "risk_tier", "description")


class NewEnvironmentForm(forms.Form):
    """A new place for releases."""

    name = forms.CharField(
        max_length=63,
        help_text="Lower-case letters, digits and hyphens, such as staging. It stays.",
        widget=forms.TextInput(attrs={"autocapitalize": "off", "spellcheck": "false"}),
    )
    tier = forms.ChoiceField(choices=Tier, help_text="What kind of place it is.")
    position = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=999,
        help_text="Its place on the promotion path; without a number it comes last.",
    )


class EnvironmentForm(forms.Form):
    """What may change about an environment."""

    tier = forms.ChoiceField(choices=Tier, help_text="What kind of place it is.")
    position = forms.IntegerField(
        min_value=0, max_value=999, help_text="Its place on the promotion path."
    )
