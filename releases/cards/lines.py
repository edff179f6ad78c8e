"""Points as people type them: one a line."""

from typing import Any

from releases.cards.fields import CardField, Shape


def typed(field: CardField, value: Any) -> Any:
    """Return a value as the form holds it."""
    if field.shape == Shape.ROWS:
        return list(value or ())
    if field.shape == Shape.POINTS:
        return "\n".join(value or ())
    return str(value or "")


def read_typed(field: CardField, value: Any) -> Any:
    """Return what the form holds as the field's value, still to be cleaned."""
    if field.shape != Shape.POINTS:
        return value
    return [line for line in value.splitlines() if line.strip()]
