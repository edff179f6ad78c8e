"""What people ask the log."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from django import forms
from django.contrib.auth import get_user_model
from django.db.models import Q

from audit.reach import Reach
from audit.sealing import Seal
from audit.search.words import terms_of
from audit.sentences import sentence_templates

OUTCOMES: Final = ("success", "failure", "denied", "error")
_CHANGE_REQUEST: Final = re.compile(r"cr-(\d{1,18})", re.IGNORECASE)


def _types() -> list[tuple[str, Any]]:
    groups: dict[str, list[tuple[str, str]]] = {}
    for name in sorted(sentence_templates()):
        app, _, what = name.partition(".")
        groups.setdefault(app.capitalize(), []).append((name, what.replace("_", " ").capitalize()))
    return [("", "Everything"), *groups.items()]


class _Day(forms.DateField):
    widget = forms.DateInput(attrs={"type": "date"})

    def clean(self, value: Any) -> date | None:
        day: date | None = super().clean(value)
        if day is not None and not date.min < day < date.max:
            raise forms.ValidationError("Choose another day.")
        return day


class EventFilter(forms.Form):
    """Which events, in which order."""

    text = forms.CharField(
        label="Words",
        max_length=200,
        required=False,
        widget=forms.TextInput(
            attrs={"placeholder": "priya approved CR-12", "type": "search", "autocomplete": "off"}
        ),
    )
    project = forms.ChoiceField(label="Project", required=False)
    environment = forms.CharField(
        label="Environment",
        max_length=63,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": "production", "autocomplete": "off"}),
    )
    type = forms.ChoiceField(label="What", required=False, choices=_types)
    person = forms.CharField(
        label="Who",
        max_length=150,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": "user name", "autocomplete": "off"}),
    )
    stream = forms.CharField(
        label="About",
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": "CR-12, release/3"}),
    )
    outcome = forms.ChoiceField(
        label="Outcome",
        required=False,
        choices=[("", "Any"), *((one, one.capitalize()) for one in OUTCOMES)],
    )
    seal = forms.ChoiceField(
        label="Seal",
        required=False,
        choices=[("", "Any"), *((str(one), one.capitalize()) for one in Seal)],
    )
    since = _Day(label="From", required=False)
    until = _Day(label="To", required=False)
    order = forms.ChoiceField(
        label="Order",
        required=False,
        choices=[("", "Newest first"), ("log", "Order of the log")],
    )

    def __init__(self, reach: Reach, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        project = self.fields["project"]
        if isinstance(project, forms.ChoiceField):
            every = "All" if reach.whole else "All that you may read"
            project.choices = [("", every), *((slug, slug) for slug in reach.projects)]

    def clean_text(self) -> str:
        """Return what was typed; it must hold something that can be looked for."""
        typed: str = self.cleaned_data["text"]
        if typed and not terms_of(typed):
            raise forms.ValidationError("Type a word or a number, such as CR-12.")
        return typed

    def clean_person(self) -> str:
        """Return the account's name in the log."""
        typed: str = self.cleaned_data["person"]
        if not typed:
            return ""
        accounts = get_user_model().objects.filter(Q(username=typed) | Q(pseudonym=typed))
        pseudonym: str | None = accounts.values_list("pseudonym", flat=True).first()
        if pseudonym is None:
            raise forms.ValidationError("There is no account of that user name.")
        return pseudonym

    def clean_stream(self) -> str:
        """Return the stream's name; people write CR-12 for a change request's."""
        typed: str = self.cleaned_data["stream"]
        found = _CHANGE_REQUEST.fullmatch(typed)
        return f"change-request/{int(found[1])}" if found else typed

    def clean_since(self) -> datetime | None:
        """Return the beginning of that day, UTC."""
        return _midnight(self.cleaned_data["since"])

    def clean_until(self) -> datetime | None:
        """Return the end of that day, UTC."""
        day: date | None = self.cleaned_data["until"]
        return _midnight(day + timedelta(days=1) if day else None)


def _midnight(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), UTC) if day else None
