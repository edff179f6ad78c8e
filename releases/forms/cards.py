"""Forms of model cards, made from the table of their fields."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any, Final

from django import forms

from catalog.errors import InvalidInput
from catalog.models import Project, RiskTier, UserKind
from catalog.permissions import Permission
from releases.actions.review_card import LONGEST_TEXT
from releases.cards.content import cleaned_field
from releases.cards.fields import FIELDS, GROUPS, MOST_ROWS, CardField, Shape
from releases.cards.lines import read_typed, typed
from releases.cards.saving import LONGEST_NOTE
from releases.forms.holders import AccountField, holders_of, offer
from releases.forms.rows import ADD, RowsField, RowsShown, shown

_ROWS: Final = {Shape.TEXT: 4, Shape.POINTS: 4}
_WHO: Final = ("owner", "risk_tier", "note")


class CardForm(forms.Form):
    """A whole card. Points stand one a line, rows have boxes."""

    owner = AccountField(
        required=False,
        help_text="The person who answers for the card, and is told when it is overdue.",
    )
    risk_tier = forms.ChoiceField(
        required=False,
        choices=[("", "Not decided"), *RiskTier.choices],
        help_text="How much harm a wrong answer can do. It decides how often the card is reviewed.",
    )
    note = forms.CharField(
        required=False,
        max_length=LONGEST_NOTE,
        label="Why",
        help_text="What changed, for the history.",
    )
    expected = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(self, project: Project, data: Any = None, **options: Any) -> None:
        super().__init__(data, **options)
        for field in FIELDS:
            self.fields[field.name] = _form_field(field)
        people = holders_of(Permission.VIEW_PROJECT, project).filter(
            kind=UserKind.PERSON, is_active=True
        )
        offer(self.fields["owner"], people.order_by("full_name"))

    @property
    def groups(self) -> list[tuple[str, list[tuple[forms.BoundField, RowsShown | None]]]]:
        """The visible fields under their headings; with their rows, where they have rows."""
        headed = [*GROUPS, ("Who answers for it", _WHO)]
        new = str(self.initial.get(ADD, ""))
        return [
            (title, [(self[name], shown(self[name], new=new)) for name in names])
            for title, names in headed
        ]

    def clean(self) -> dict[str, Any]:
        """Read the lines, and say what is wrong with which."""
        for field in FIELDS:
            if field.name not in self.cleaned_data:
                continue
            try:
                value = read_typed(field, self.cleaned_data[field.name])
                self.cleaned_data[field.name] = cleaned_field(field.name, value)
            except InvalidInput as error:
                self.add_error(field.name, error.fields[field.name])
        return self.cleaned_data


def typed_content(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return a card's content as it stands in the form, with a blank row below those that are there."""
    held = {field.name: typed(field, content.get(field.name)) for field in FIELDS}
    return {
        name: [*value, {}][:MOST_ROWS] if isinstance(value, list) else value
        for name, value in held.items()
    }


class ImportCardForm(forms.Form):
    """A document of another tool."""

    file = forms.FileField(
        label="The document",
        max_length=255,
        help_text="Hugging Face's README.md, the JSON of Google's Model Card Toolkit, or CycloneDX JSON "
        "1.5 to 1.7.",
    )
    replace = forms.BooleanField(
        required=False,
        label="Replace what the card says already",
        help_text="Otherwise fields that have something stay as they are, and you are told which.",
    )


class ReviewCardForm(forms.Form):
    """Confirm a card that somebody else wrote."""

    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    next_review_at = forms.DateField(
        required=False,
        label="Next review on",
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Leave it empty for the interval of its risk tier.",
    )
    reason = forms.CharField(
        required=False,
        max_length=LONGEST_TEXT,
        label="Why then",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Needed for a later date than the tier's.",
    )
    comment = forms.CharField(
        required=False, max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": 2})
    )

    def clean_next_review_at(self) -> datetime | None:
        """Return the end of the chosen day."""
        day: date | None = self.cleaned_data["next_review_at"]
        if day is None:
            return None
        return datetime.combine(day, time(23, 59), tzinfo=UTC)


class CardsFilter(forms.Form):
    """Which cards."""

    state = forms.ChoiceField(
        required=False,
        choices=[
            ("", "Any"),
            ("overdue", "Review overdue"),
            ("unreviewed", "Not reviewed"),
            ("incomplete", "Incomplete"),
        ],
    )
    who = forms.ChoiceField(
        required=False, label="Owner", choices=[("", "Anybody"), ("me", "You"), ("none", "Nobody")]
    )
    project = forms.SlugField(required=False)

    def __init__(self, data: Any) -> None:
        super().__init__(data, auto_id="filter_%s")


def _form_field(field: CardField) -> forms.Field:
    if field.shape == Shape.WORD:
        words = [(word, word.replace("-", " ").capitalize()) for word in field.words]
        return forms.ChoiceField(
            choices=[("", "Not said"), *words],
            required=False,
            label=field.title,
            help_text=field.help,
        )
    if field.shape == Shape.ROWS:
        return RowsField(field, label=field.title, help_text=_help(field))
    lines = _ROWS.get(field.shape)
    widget = forms.Textarea(attrs={"rows": lines}) if lines else forms.TextInput()
    return forms.CharField(
        required=False, label=field.title, widget=widget, help_text=_help(field), strip=False
    )


def _help(field: CardField) -> str:
    how = "One point a line." if field.shape == Shape.POINTS else ""
    needed = "A complete card needs it." if field.is_needed else ""
    return " ".join(filter(None, (field.help, needed, how)))
