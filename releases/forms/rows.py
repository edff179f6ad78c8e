"""Rows of a form, each with a box per column; a row is added or taken away by a button of the same form.

The boxes are called ``metrics-0-type``. The buttons send the whole form, so they work without a script; with
htmx only the rows are drawn anew.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django import forms

from releases.cards.fields import LONGEST_LINE, MOST_ROWS, CardField

ADD, REMOVE = "add_row", "remove_row"
"""Names of the buttons; their values are a field, and a field with a row's place."""

_PLACE: Final = re.compile(r"([a-z_]+)-([0-9]{1,6})")

Rows = list[dict[str, str]]


class RowsWidget(forms.Widget):
    """Reads the boxes; a template draws them."""

    def __init__(self, field: CardField) -> None:
        super().__init__()
        self.columns = field.columns

    def value_from_datadict(self, data: Mapping[str, Any], _files: Any, name: str) -> Rows:
        """Return the rows in their order, the blank ones among them."""
        places = {
            int(found[2])
            for key in data
            if (found := _PLACE.match(key)) and found[1] == name and key[found.end() :][:1] == "-"
        }
        return [
            {each.name: str(data.get(f"{name}-{place}-{each.name}", "")) for each in self.columns}
            for place in sorted(places)
        ]

    def value_omitted_from_data(self, _data: Any, _files: Any, _name: str) -> bool:
        """No box at all is no rows."""
        return False


class RowsField(forms.Field):
    """Rows, still to be cleaned."""

    def __init__(self, field: CardField, **options: Any) -> None:
        super().__init__(required=False, widget=RowsWidget(field), **options)
        self.columns = field.columns


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One box; with ``words`` a choice, and high where much may be written."""

    id: str
    name: str
    title: str
    value: str
    longest: int
    words: Sequence[str]

    @property
    def is_high(self) -> bool:
        """Whether a line is too little."""
        return self.longest > LONGEST_LINE


@dataclass(frozen=True, kw_only=True)
class RowShown:
    """One row with its boxes; ``place`` is what its button sends."""

    number: int
    place: str
    cells: Sequence[Cell]
    is_new: bool


@dataclass(frozen=True, kw_only=True)
class RowsShown:
    """All rows of a field, at least one."""

    field: forms.BoundField
    rows: Sequence[RowShown]
    may_grow: bool


def shown(field: forms.BoundField, *, new: str = "") -> RowsShown | None:
    """Return the rows as a template draws them; None for a field of another kind.

    Args:
        new: name of the field whose last row was asked for right now; it gets the focus.
    """
    if not isinstance(field.field, RowsField):
        return None
    rows: Rows = field.value() or [{}]
    last = len(rows) if field.name == new else 0
    made = [
        RowShown(
            number=number,
            place=f"{field.name}-{number - 1}",
            cells=list(_cells(field.name, field.field, row, number - 1)),
            is_new=number == last,
        )
        for number, row in enumerate(rows, 1)
    ]
    return RowsShown(field=field, rows=made, may_grow=len(rows) < MOST_ROWS)


def regrown(form: forms.Form, data: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what the form holds after a row was asked for or taken away; None if none was."""
    if ADD not in data and REMOVE not in data:
        return None
    held = {
        name: field.widget.value_from_datadict(data, {}, name)
        for name, field in form.fields.items()
    }
    name, place = str(data.get(ADD, "")), _PLACE.fullmatch(str(data.get(REMOVE, "")))
    if isinstance(form.fields.get(name), RowsField):
        held[name] = [*held[name], {}][:MOST_ROWS]
    if place and isinstance(form.fields.get(place[1]), RowsField):
        del held[place[1]][int(place[2]) : int(place[2]) + 1]
    return held


def _cells(name: str, field: RowsField, row: Mapping[str, str], place: int) -> Iterator[Cell]:
    for column in field.columns:
        yield Cell(
            id=f"id_{name}-{place}-{column.name}",
            name=f"{name}-{place}-{column.name}",
            title=column.title,
            value=row.get(column.name, ""),
            longest=column.longest,
            words=column.words,
        )
