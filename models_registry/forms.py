"""Forms about model registries. What the actions check is left to them."""

from typing import Final

from django import forms

from models_registry.actions.settle_finding import LONGEST_COMMENT

PLAIN_TEXT: Final = {"autocapitalize": "off", "spellcheck": "false"}


class RegistryForm(forms.Form):
    """What may change about a registry."""

    tracking_url = forms.URLField(
        max_length=500,
        assume_scheme="https",
        label="Tracking server",
        help_text="Its address, such as https://mlflow.example.com.",
    )
    name_pattern = forms.CharField(
        max_length=500,
        initial="*",
        label="Which models",
        help_text="Patterns of names separated by commas, such as credit-*; * for all.",
        widget=forms.TextInput(attrs=PLAIN_TEXT),
    )
    credentials = forms.CharField(
        required=False,
        max_length=100,
        help_text="The name of the file with a token or user:password, never the secret itself.",
        widget=forms.TextInput(attrs=PLAIN_TEXT),
    )
    webhook_secret = forms.CharField(
        required=False,
        max_length=100,
        label="Secret of its webhooks",
        help_text="The name of the file with the secret. Empty: webhooks are not taken; all is seen by "
        "regular comparison.",
        widget=forms.TextInput(attrs=PLAIN_TEXT),
    )
    is_active = forms.BooleanField(required=False, initial=True, label="Read this registry")


class NewRegistryForm(RegistryForm):
    """A new registry."""

    name = forms.CharField(
        max_length=63,
        help_text="Lower-case letters, digits and hyphens, such as main. It stays.",
        widget=forms.TextInput(attrs=PLAIN_TEXT),
    )

    field_order = ("name", "tracking_url", "name_pattern", "credentials", "webhook_secret")


class SettleForm(forms.Form):
    """What became of a finding."""

    comment = forms.CharField(max_length=LONGEST_COMMENT, widget=forms.Textarea(attrs={"rows": 3}))


class ModelFilter(forms.Form):
    """Which models."""

    q = forms.CharField(required=False, label="Name begins with", max_length=200)
