"""A card's content: brought into one form, compared, and asked whether it is complete."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

from catalog.errors import InvalidInput
from releases.cards.fields import (
    BY_NAME,
    FIELDS,
    LONGEST_LINE,
    LONGEST_POINT,
    LONGEST_TEXT,
    MOST_POINTS,
    MOST_ROWS,
    REFERENCE_KINDS,
    CardField,
    Shape,
)

Row: TypeAlias = dict[str, str]
Value: TypeAlias = str | list[str] | list[Row]
Content: TypeAlias = dict[str, Value]
"""Field → value; fields that are empty are left out."""

OWNER: Final = "Owner"
TIER: Final = "Risk tier"
_NOT_TEXT: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_LINKS: Final = frozenset({"http", "https"})


def cleaned(document: Mapping[str, Any]) -> Content:
    """Return the content in its one form: without empty fields, without space round texts.

    Raises:
        InvalidInput: every field that cannot hold what it has, with a sentence.
    """
    complaints: dict[str, list[str]] = {}
    content: Content = {}
    for name, value in document.items():
        try:
            if found := cleaned_field(name, value):
                content[name] = found
        except InvalidInput as error:
            complaints |= error.fields
    if complaints:
        sentence = " ".join(f"{name}: {' '.join(said)}" for name, said in complaints.items())
        raise InvalidInput(sentence, fields=complaints)
    return {field.name: content[field.name] for field in FIELDS if field.name in content}


def cleaned_field(name: str, value: Any) -> Value:
    """Return one field's value in its one form.

    Raises:
        InvalidInput: there is no such field, or it cannot hold that.
    """
    field = BY_NAME.get(name)
    if field is None:
        known = ", ".join(BY_NAME)
        raise InvalidInput.of(name[:80], f"A model card has no field {name!r:.80}; it has {known}.")
    return _SHAPES[field.shape](field, value)


def missing_from(content: Mapping[str, Any], *, has_owner: bool, risk_tier: str) -> list[str]:
    """Return the titles of what a complete card needs and this one has not."""
    fields = [field.title for field in FIELDS if field.is_needed and not content.get(field.name)]
    fields += [] if has_owner else [OWNER]
    return [*fields, *([] if risk_tier else [TIER])]


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of two revisions; ``change`` is added, removed or changed."""

    name: str
    change: str
    old: str
    new: str


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    """Yield what differs, point by point and row by row, in the order of the card."""
    for field in FIELDS:
        before, after = _parts(field, old.get(field.name)), _parts(field, new.get(field.name))
        gone = [part for part in before if part not in after]
        come = [part for part in after if part not in before]
        if gone or come:
            change = "changed" if gone and come else "removed" if gone else "added"
            yield Difference(field.title, change, "\n".join(gone), "\n".join(come))


def row_in_words(field: CardField, row: Mapping[str, str]) -> str:
    """Return a row as one line, such as ``auc · value: 0.8 · slice: age=18-30``."""
    first, *others = field.columns
    words = [row[first.name]]
    words += [f"{each.label.lower()}: {row[each.name]}" for each in others if row.get(each.name)]
    return " · ".join(words)


def _parts(field: CardField, value: Any) -> Sequence[str]:
    if not value:
        return []
    if field.shape == Shape.ROWS:
        return [row_in_words(field, row) for row in value]
    return value if field.shape == Shape.POINTS else [value]


def _text(field: CardField, value: Any) -> str:
    text = _checked(field.name, value, "", LONGEST_TEXT).replace("\r\n", "\n")
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _line(field: CardField, value: Any) -> str:
    return _folded(field.name, value, "", LONGEST_LINE)


def _word(field: CardField, value: Any) -> str:
    text = _folded(field.name, value, "", LONGEST_LINE)
    if text and text not in field.words:
        words = ", ".join(field.words)
        raise InvalidInput.of(field.name, f"{text[:60]!r} is none of {words}.")
    return text


def _points(field: CardField, value: Any) -> list[str]:
    points = _list(field, value, MOST_POINTS, "points")
    found = [
        _folded(field.name, point, f"Point {number}: ", LONGEST_POINT)
        for number, point in enumerate(points, 1)
    ]
    return list(dict.fromkeys(filter(None, found)))


def _rows(field: CardField, value: Any) -> list[Row]:
    rows = _list(field, value, MOST_ROWS, "rows")
    found = (_row(field, row, number) for number, row in enumerate(rows, 1))
    return [row for row in found if row]


def _row(field: CardField, value: Any, number: int) -> Row:
    where = f"Row {number}: "
    names = [column.name for column in field.columns]
    if not isinstance(value, Mapping) or not set(value) <= set(names):
        sentence = f"{where}this is no object with {', '.join(names)}, each of them text."
        raise InvalidInput.of(field.name, sentence)
    row = {
        column.name: text
        for column in field.columns
        if (text := _folded(field.name, value.get(column.name, ""), where, column.longest))
    }
    first = field.columns[0]
    if row and first.name not in row:
        raise InvalidInput.of(field.name, f"{where}{first.title} is missing.")
    if row and (check := _OF_ROWS.get(field.name)):
        check(row, where)
    return row


def _reference(row: Row, where: str) -> None:
    if urlsplit(row["url"]).scheme not in _LINKS or " " in row["url"]:
        sentence = f"{where}{row['url'][:80]!r} is no address that begins with https://."
        raise InvalidInput.of("references", sentence)
    if row.get("type", "other") not in REFERENCE_KINDS:
        kinds = ", ".join(sorted(REFERENCE_KINDS))
        raise InvalidInput.of("references", f"{where}{row['type'][:60]!r} is none of {kinds}.")


def _dataset(row: Row, where: str) -> None:
    if " " in row.get("link", ""):
        raise InvalidInput.of("datasets", f"{where}a link has no spaces; write %20 for one.")


def _metric(row: Row, where: str) -> None:
    if "value" not in row:
        raise InvalidInput.of("metrics", f"{where}{row['type'][:80]} has no value.")


_OF_ROWS: Final[Mapping[str, Callable[[Row, str], None]]] = {
    "references": _reference,
    "datasets": _dataset,
    "metrics": _metric,
}
_SHAPES: Final[Mapping[Shape, Callable[[CardField, Any], Value]]] = {
    Shape.TEXT: _text,
    Shape.LINE: _line,
    Shape.WORD: _word,
    Shape.POINTS: _points,
    Shape.ROWS: _rows,
}


def _list(field: CardField, value: Any, most: int, noun: str) -> Sequence[Any]:
    if not isinstance(value, list):
        raise InvalidInput.of(field.name, "This must be a list.")
    if len(value) > most:
        sentence = f"{field.title} has at most {most} {noun}; these are {len(value)}."
        raise InvalidInput.of(field.name, sentence)
    return value


def _folded(name: str, value: Any, where: str, longest: int) -> str:
    return " ".join(_checked(name, value, where, longest).split())


def _checked(name: str, value: Any, where: str, longest: int) -> str:
    if not isinstance(value, str):
        raise InvalidInput.of(name, f"{where}this must be text.")
    if len(value) > longest:
        sentence = f"{where}use at most {longest} characters; this has {len(value)}."
        raise InvalidInput.of(name, sentence)
    if _NOT_TEXT.search(value):
        raise InvalidInput.of(name, f"{where}it holds a control character, which is no text.")
    return value
