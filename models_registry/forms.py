"""Forms about model registries. What the actions check is left to them."""

from typing import Any, Final

from django import forms

from models_registry.actions.settle_finding import LONGEST_COMMENT
from models_registry.models import Finding, RetrainingTrigger, TriggerKind
from models_registry.retraining_rules import LONGEST_TEXT

HOUR: Final = 3600
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
    """What became of a finding; a page has one per finding, so each has ids of its own."""

    comment = forms.CharField(
        max_length=LONGEST_COMMENT,
        label="What became of it",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, finding: Finding, data: Any = None) -> None:
        super().__init__(data, auto_id=f"id_finding_{finding.pk}_%s")


class ModelFilter(forms.Form):
    """Which models."""

    q = forms.CharField(required=False, label="Name begins with", max_length=200)


class AskForm(forms.Form):
    """Why a model should be trained again."""

    reason = forms.CharField(
        max_length=LONGEST_TEXT,
        label="Why",
        help_text="What was seen, such as drift in a group. It stays in the log.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    override = forms.CharField(
        required=False,
        max_length=LONGEST_TEXT,
        label="Why not wait for the cooldown",
        help_text="Only for those who run the project, and only while the cooldown lasts.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, is_hot: bool = True, **options: Any) -> None:
        super().__init__(*args, **options)
        if not is_hot:
            del self.fields["override"]


class WithdrawForm(forms.Form):
    """Why a request is not wanted any more."""

    comment = forms.CharField(
        max_length=LONGEST_TEXT, label="Why", widget=forms.Textarea(attrs={"rows": 3})
    )


class ClearForm(forms.Form):
    """What somebody saw in the tool."""

    has_begun = forms.ChoiceField(
        label="What you saw there",
        choices=[("yes", "It was begun"), ("no", "It was not begun: call again")],
        widget=forms.RadioSelect,
    )
    comment = forms.CharField(
        max_length=LONGEST_TEXT,
        label="Where you looked",
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class TriggerForm(forms.Form):
    """What is called to train a model again."""

    kind = forms.ChoiceField(choices=TriggerKind.choices, label="Tool")
    address = forms.URLField(
        max_length=500,
        assume_scheme="https",
        help_text="In its REST interface: …/api/v4/projects/42, …/actions/workflows/train.yml, "
        "…/job/train, …/api/v2/dags/train, or where the webhook goes.",
    )
    ref = forms.CharField(
        required=False,
        max_length=200,
        label="Branch or tag",
        help_text="Of GitLab and GitHub, such as main.",
        widget=forms.TextInput(attrs=PLAIN_TEXT),
    )
    secret = forms.CharField(
        max_length=100,
        help_text="The name of the file with the token, user:password or signing secret; never the secret "
        "itself. It is the project's slug or begins with it and a dot.",
        widget=forms.TextInput(attrs=PLAIN_TEXT),
    )
    parameters = forms.CharField(
        required=False,
        help_text="One name=text per line, passed on beside the request's id and the model's name.",
        widget=forms.Textarea(attrs={"rows": 3, **PLAIN_TEXT}),
    )
    cooldown_hours = forms.IntegerField(
        min_value=0,
        initial=6,
        label="Cooldown, hours",
        help_text="How long after a training was begun the same model is not trained again.",
    )
    timeout_hours = forms.IntegerField(
        min_value=1,
        initial=24,
        label="Waits for the version, hours",
        help_text="After that the request has expired.",
    )
    is_active = forms.BooleanField(required=False, initial=True, label="Switched on")

    @staticmethod
    def initial_of(trigger: RetrainingTrigger | None) -> dict[str, Any]:
        """Return what the form begins with."""
        if trigger is None:
            return {}
        there = {name: getattr(trigger, name) for name in ("kind", "address", "ref", "secret")}
        lines = [f"{name}={text}" for name, text in sorted(trigger.parameters.items())]
        return {
            **there,
            "parameters": "\n".join(lines),
            "cooldown_hours": trigger.cooldown_seconds // HOUR,
            "timeout_hours": max(1, trigger.timeout_seconds // HOUR),
            "is_active": trigger.is_active,
        }

    def clean_parameters(self) -> dict[str, str]:
        """Return the pairs."""
        lines = [line.strip() for line in self.cleaned_data["parameters"].splitlines()]
        pairs = [line.partition("=") for line in lines if line]
        if any(not equals for _, equals, _ in pairs):
            raise forms.ValidationError("Write each line as name=text.")
        return {name.strip(): text.strip() for name, _, text in pairs}

    def clean(self) -> dict[str, Any]:
        """Return the fields of the action."""
        fields = dict(super().clean() or {})
        for name in ("cooldown", "timeout"):
            if (hours := fields.pop(f"{name}_hours", None)) is not None:
                fields[f"{name}_seconds"] = hours * HOUR
        return fields
