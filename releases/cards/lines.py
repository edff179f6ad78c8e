"""Points and rows as people type them: one a line, the parts of a row between bars."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from catalog.errors import InvalidInput
from releases.cards.fields import CardField, Shape

_BAR: Final = re.compile(r"(?<!\\)\|")


def typed(field: CardField, value: Any) -> str:
    """Return a value as it stands in the form."""
    if not value:
        return ""
    if field.shape == Shape.POINTS:
        return "\n".join(value)
    if field.shape == Shape.ROWS:
        return "\n".join(_typed_row(field, row) for row in value)
    return str(value)


def read_typed(field: CardField, text: str) -> Any:
    """Return what somebody typed as the field's value, still to be cleaned.

    Raises:
        InvalidInput: a line has more parts than a row.
    """
    if field.shape not in {Shape.POINTS, Shape.ROWS}:
        return text
    lines = [line for line in text.splitlines() if line.strip()]
    if field.shape == Shape.POINTS:
        return lines
    return [_row(field, line, number) for number, line in enumerate(lines, 1)]


def columns_in_words(field: CardField) -> str:
    """Return the parts of a row in their order, with the bars between them."""
    return " | ".join(column.title for column in field.columns)


def _typed_row(field: CardField, row: Mapping[str, str]) -> str:
    parts = [row.get(column.name, "").replace("|", r"\|") for column in field.columns]
    while parts and not parts[-1]:
        parts.pop()
    return " | ".join(parts)


def _row(field: CardField, line: str, number: int) -> dict[str, str]:
    parts: Sequence[str] = [part.replace(r"\|", "|").strip() for part in _BAR.split(line)]
    if len(parts) > len(field.columns):
        raise InvalidInput.of(
            field.name,
            f"Line {number} has {len(parts)} parts; at most {len(field.columns)}: "
            f"{columns_in_words(field)}. Write \\| for a bar that is no border.",
        )
    names = (column.name for column in field.columns)
    return dict(zip(names, parts, strict=False))
