"""What people ask for when they want a pack. What makes sense, the request itself checks."""

import re
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

from django import forms

from audit.controls.catalogue import frameworks
from audit.packs.scope import LONGEST_PURPOSE, MOST_SAMPLES, USUAL_SAMPLES, Mode, Scope
from audit.reach import Reach

_NUMBERS: Final = re.compile(r"\s*(?:CR-)?([0-9]{1,18})\s*", re.IGNORECASE)
_MODES: Final = (
    (Mode.PART, "The entries in scope, each with its proof"),
    (Mode.FULL, "Every entry of the log, so that anybody can draw the lists anew"),
)


def _controls() -> list[tuple[str, Any]]:
    """Return every control, by framework."""
    groups = [
        (of.title, [(each.name, f"{each.id}: {each.title}") for each in of.controls if each.checks])
        for of in frameworks()
    ]
    return [("", "None in particular"), *groups]


class _Numbers(forms.CharField):
    """Change requests by their labels: ``CR-12, CR-14``."""

    def clean(self, value: Any) -> Any:
        typed: str = super().clean(value)
        if not typed.strip():
            return None
        found = [_NUMBERS.fullmatch(each) for each in typed.strip(", ").split(",")]
        if not all(found):
            raise forms.ValidationError("List change requests with commas, such as CR-12, CR-14.")
        return tuple(int(each[1]) for each in found if each)


class NewPackForm(forms.Form):
    """The scope of a pack."""

    project = forms.ChoiceField(label="Project", required=False)
    environment = forms.CharField(
        label="Environment",
        required=False,
        max_length=63,
        help_text="All of them unless you name one.",
    )
    since = forms.DateField(
        label="From", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        label="To",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="A change is in the period when something happened to it then. Days of UTC, both included.",
    )
    change_requests = _Numbers(
        label="Only these change requests",
        required=False,
        max_length=20_000,
        help_text="CR-12, CR-14",
    )
    control = forms.ChoiceField(
        label="Control",
        required=False,
        choices=_controls,
        help_text="Its checks go into the pack, case by case.",
    )
    mode = forms.ChoiceField(label="The log", choices=_MODES, initial=Mode.PART)
    samples = forms.IntegerField(
        label="Samples",
        min_value=0,
        max_value=MOST_SAMPLES,
        initial=USUAL_SAMPLES,
        help_text="How many changes are drawn and shown with entries, proofs, names and attachments.",
    )
    sampled = _Numbers(
        label="Or show these", required=False, max_length=5_000, help_text="Instead of drawn ones."
    )
    purpose = forms.CharField(
        label="What it is for",
        required=False,
        max_length=LONGEST_PURPOSE,
        help_text="Stands in the pack.",
    )

    def __init__(self, reach: Reach, data: Any = None, **options: Any) -> None:
        super().__init__(data, **options)
        every = [("", "All projects")] if reach.whole else []
        project = self.fields["project"]
        if isinstance(project, forms.ChoiceField):
            project.choices = [*every, *((slug, slug) for slug in reach.projects)]
        if not reach.whole:
            del self.fields["mode"]

    @property
    def scope(self) -> Scope:
        """What was asked for."""
        asked = self.cleaned_data
        until = asked["until"]
        return Scope(
            project=asked["project"] or None,
            environment=asked["environment"] or None,
            change_requests=asked["change_requests"],
            control=asked["control"] or None,
            since=_midnight(asked["since"]) if asked["since"] else None,
            until=_midnight(until) + timedelta(days=1) if until else None,
            mode=Mode(asked.get("mode") or Mode.PART),
            samples=asked["samples"],
            sampled=asked["sampled"],
            purpose=asked["purpose"],
        )

    def clean_until(self) -> Any:
        """Refuse the last day that there is: the next one must exist."""
        day = self.cleaned_data["until"]
        if day is not None and day.year > 9998:  # noqa: PLR2004 -- datetime's last year but one
            raise forms.ValidationError("Choose another day.")
        return day


def _midnight(day: Any) -> datetime:
    return datetime.combine(day, time(), UTC)
