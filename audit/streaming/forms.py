"""What administrators fill in. What makes sense, the actions themselves check."""

from typing import Any, Final

from django import forms

from audit.streaming.actions.pause import LONGEST_REASON
from audit.streaming.models import BodyLayout, DestinationKind, RecordFormat
from audit.streaming.wanted import LONGEST_NAME, LONGEST_URL

_STARTS: Final = (
    ("beginning", "With the first entry of the log"),
    ("now", "With what is recorded from now on"),
)
_SECRET: Final = "Name of its file in STREAMING_SECRETS_DIR."  # noqa: S105 -- says where it is
_LONGEST_FILE: Final = 100
LARGEST: Final = 2**63 - 1


class _Name(forms.CharField):
    def __init__(self, label: str, help_text: str = _SECRET) -> None:
        super().__init__(label=label, required=False, max_length=_LONGEST_FILE, help_text=help_text)


class DestinationForm(forms.Form):
    """How a destination is set up; only the fields of its kind."""

    name = forms.CharField(
        label="Name", max_length=LONGEST_NAME, help_text="Small letters, digits and hyphens."
    )
    format = forms.ChoiceField(label="Records", choices=RecordFormat.choices)
    url = forms.CharField(
        label="Address", max_length=LONGEST_URL, help_text="https://host/path, without a query."
    )
    layout = forms.ChoiceField(label="Body", choices=BodyLayout.choices)
    signing_secret = forms.CharField(
        label="Signing secret", max_length=_LONGEST_FILE, help_text=_SECRET
    )
    authorization_secret = _Name(
        "Authorization", f"{_SECRET} Its content is sent as the Authorization header."
    )
    host = forms.CharField(label="Host", max_length=253)
    port = forms.IntegerField(label="Port", min_value=1, max_value=65_535, initial=6514)
    ca_file = _Name(
        "Certificates that are trusted", f"{_SECRET} Those of the system unless you name one."
    )
    certificate_file = _Name("Our certificate", f"{_SECRET} For receivers that ask for one.")
    key_file = _Name("Its key", f"{_SECRET} Unless the certificate's file holds it.")
    file_name = forms.CharField(
        label="File", max_length=_LONGEST_FILE, help_text="Such as audit.jsonl, in STREAMING_ROOT."
    )
    start = forms.ChoiceField(label="Begin", choices=_STARTS)

    def __init__(self, kind: str, *args: Any, is_new: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        wanted = {"name", "format", *_FIELDS[kind], *(["start"] if is_new else [])}
        for name in set(self.fields) - wanted:
            del self.fields[name]


_FIELDS: Final[dict[str, tuple[str, ...]]] = {
    DestinationKind.WEBHOOK: ("url", "layout", "signing_secret", "authorization_secret"),
    DestinationKind.SYSLOG: ("host", "port", "ca_file", "certificate_file", "key_file"),
    DestinationKind.FILE: ("file_name",),
}


class ReplayForm(forms.Form):
    """From where the log is to be sent again."""

    from_index = forms.IntegerField(label="From entry", min_value=0)

    def __init__(self, *args: Any, reached: int, **options: Any) -> None:
        super().__init__(*args, **options)
        last = max(reached - 1, 0)
        self.fields[
            "from_index"
        ].help_text = f"By its index in the log, 0 to {last}: so far it was sent."


class PauseForm(forms.Form):
    """Why nothing is to be sent."""

    why = forms.CharField(label="Why", max_length=LONGEST_REASON)


class LetterForm(forms.Form):
    """Which refused entry; none means all of them."""

    index = forms.IntegerField(
        min_value=0, max_value=LARGEST, required=False, widget=forms.HiddenInput
    )


class DismissForm(LetterForm):
    """Why a place shall do without what it refused."""

    why = forms.CharField(
        label="Why",
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="For whoever asks later why the place does not have it. Kept with the event.",
    )
