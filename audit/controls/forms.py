"""What people ask about controls."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from django import forms

from audit.controls.errors import QuestionRefused
from audit.controls.question import Question, question
from audit.reach import Reach

NO_DAY: Final = forms.ValidationError("Choose another day.")


class _Day(forms.DateField):
    widget = forms.DateInput(attrs={"type": "date"})

    def clean(self, value: Any) -> date | None:
        day: date | None = super().clean(value)
        if day is not None and not date.min < day < date.max:
            raise NO_DAY
        return day


class QuestionForm(forms.Form):
    """Which project, environment and period."""

    project = forms.ChoiceField(label="Project", required=False)
    environment = forms.CharField(
        label="Environment",
        required=False,
        max_length=63,
        widget=forms.TextInput(attrs={"placeholder": "all of them", "autocomplete": "off"}),
    )
    since = _Day(label="From", required=False)
    until = _Day(label="To", required=False)

    def __init__(self, reach: Reach, data: Any) -> None:
        super().__init__(data)
        self._reach = reach
        self.question: Question | None = None
        project = self.fields["project"]
        if isinstance(project, forms.ChoiceField):
            every = "All" if reach.whole else "All that you may audit"
            project.choices = [("", every), *((slug, slug) for slug in reach.projects)]

    def clean(self) -> dict[str, Any]:
        """Put the question together."""
        asked: dict[str, Any] = super().clean() or self.cleaned_data
        until: date | None = asked.get("until")
        try:
            self.question = question(
                self._reach,
                project=asked.get("project") or None,
                environment=asked.get("environment") or None,
                since=_midnight(asked.get("since")),
                until=_midnight(until + timedelta(days=1) if until else None),
            )
        except QuestionRefused as error:
            self.add_error(error.field, error.sentence)
        return asked


def _midnight(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), UTC) if day else None
