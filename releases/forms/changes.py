"""Forms of releases, change requests and evidence. What the actions check is left to them."""

from collections.abc import Iterable
from typing import Any, Final

from django import forms
from django.conf import settings

from catalog.models import ArtifactVersion, Environment
from releases.models import ChangeKind, Release
from releases.states import ChangeRequestState

LONGEST_TEXT: Final = 4000
LONGEST_NOTES: Final = 20000

KINDS: Final = {
    "datasets": "Data sets: what it was trained on, by digest or Delta version",
    "dvc": "dvc.lock: the data that the stages of a DVC pipeline read and made",
    "junit": "JUnit XML: what the tests said",
    "metrics": "Metrics: a JSON object of numbers, such as coverage or a model's scores",
    "sarif": "SARIF: what a scanner found",
}


class MomentInput(forms.DateTimeInput):
    """The browser's own control for a moment."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class NewReleaseForm(forms.Form):
    """What goes into a release."""

    version = forms.CharField(
        max_length=128, help_text="A name for people, such as 2026.3. It is taken once."
    )
    artifact_versions = forms.TypedMultipleChoiceField(
        coerce=int,
        label="Artifact versions",
        help_text="One version of each artifact that belongs to the release.",
        widget=forms.CheckboxSelectMultiple,
    )
    notes = forms.CharField(
        required=False,
        max_length=LONGEST_NOTES,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="What is new, for those who sign.",
    )

    def __init__(
        self, data: Any = None, *, versions: Iterable[ArtifactVersion] = (), **options: Any
    ) -> None:
        super().__init__(data, **options)
        field = self.fields["artifact_versions"]
        if isinstance(field, forms.TypedMultipleChoiceField):
            field.choices = [
                (version.pk, f"{version} · {version.digest[:19]}…") for version in versions
            ]


class NewRequestForm(forms.Form):
    """Ask for a release to be put on an environment."""

    release = forms.TypedChoiceField(coerce=int)
    environment = forms.TypedChoiceField(coerce=int)
    kind = forms.ChoiceField(
        choices=ChangeKind,
        initial=ChangeKind.PROMOTION,
        help_text="A rollback goes to a release that was verified there before.",
    )
    reason = forms.CharField(
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What it is for. People decide by it, and auditors read it.",
    )
    not_before = forms.DateTimeField(
        required=False,
        label="Not before (UTC)",
        widget=MomentInput(),
        help_text="Leave it empty to begin as soon as everybody has signed.",
    )

    def __init__(
        self,
        data: Any = None,
        *,
        releases: Iterable[Release] = (),
        environments: Iterable[Environment] = (),
        **options: Any,
    ) -> None:
        super().__init__(data, **options)
        self._offer("release", [(each.pk, each.version) for each in releases])
        self._offer("environment", [(each.pk, each.name) for each in environments])

    def _offer(self, name: str, choices: list[tuple[int, str]]) -> None:
        field = self.fields[name]
        if isinstance(field, forms.TypedChoiceField):
            field.choices = choices


class EvidenceForm(forms.Form):
    """A report about an artifact version or a release."""

    kind = forms.ChoiceField(label="What it is")
    file = forms.FileField(label="The report", max_length=255)
    valid_until = forms.DateTimeField(
        required=False,
        label="Valid until (UTC)",
        widget=MomentInput(),
        help_text="Leave it empty if it does not run out.",
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["kind"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(kind, KINDS.get(kind, kind)) for kind in settings.EVIDENCE_PARSERS]


class RequestFilter(forms.Form):
    """Which change requests of a project to list."""

    state = forms.ChoiceField(
        required=False, choices=[("", "Any state"), ("open", "Open"), *ChangeRequestState.choices]
    )
    environment = forms.ChoiceField(required=False)

    def __init__(self, data: Any, *, environments: Iterable[Environment]) -> None:
        super().__init__(data, auto_id="filter_%s")
        field = self.fields["environment"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [
                ("", "Any environment"),
                *((each.name, each.name) for each in environments),
            ]


class ArtifactFilter(forms.Form):
    """Which artifact versions of a project to list."""

    q = forms.CharField(
        required=False,
        max_length=200,
        label="Name begins with",
        widget=forms.TextInput(attrs={"type": "search"}),
    )

    def __init__(self, data: Any) -> None:
        super().__init__(data, auto_id="filter_%s")


class DecisionForm(forms.Form):
    """One person's yes or no to the statement that they saw."""

    statement_digest = forms.CharField(max_length=71, widget=forms.HiddenInput)
    comment = forms.CharField(
        required=False,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="A rejection needs one; an approval may have one.",
    )


class RejectForm(DecisionForm):
    """A no by somebody who cannot say yes."""

    comment = forms.CharField(
        max_length=LONGEST_TEXT,
        label="Reason",
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What would have to be different.",
    )


class WithdrawForm(forms.Form):
    """Take a change request back."""

    comment = forms.CharField(
        required=False,
        max_length=LONGEST_TEXT,
        label="Why",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
