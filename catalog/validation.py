"""Input against what the models say: the one place that turns a bad value into an ``InvalidInput``."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from psycopg.errors import UniqueViolation

from catalog.errors import AlreadyExists, InvalidInput

Complaints = dict[str, list[str]]


def check_fields(row: models.Model, *names: str) -> None:
    """Let the named fields of an unsaved or changed row pass, cleaned, or refuse them all at once.

    Raises:
        InvalidInput: with every complaint under its field's name.
    """
    refuse(complaints_of(row, *names))


def complaints_of(row: models.Model, *names: str) -> Complaints:
    """Return what is wrong with the named fields, and leave the others cleaned in the row."""
    complaints: Complaints = {}
    for name in names:
        value = getattr(row, name)
        field = row._meta.get_field(name)
        if not isinstance(field, models.Field):
            raise TypeError(f"{name} is no column of {row._meta.label}.")
        found = _of_wrong_type(field, value) or _of_wrong_text(value)
        if not found:
            found = _of_the_field(field, value, row)
        if found:
            complaints[name] = found
    return complaints


def refuse(complaints: Mapping[str, list[str]]) -> None:
    """Raise ``InvalidInput`` if there is anything to complain of."""
    if complaints:
        sentence = " ".join(f"{name}: {' '.join(found)}" for name, found in complaints.items())
        raise InvalidInput(sentence, fields=dict(complaints))


def check_text(field: str, value: object, *, longest: int) -> str:
    """Return the value if it is text that can be stored.

    Raises:
        InvalidInput: it is not text, too long (in characters), or holds what is no text.
    """
    if not isinstance(value, str):
        raise InvalidInput.of(field, f"This must be text, not {_kind_of(value)}.")
    found = _of_wrong_text(value)
    if len(value) > longest:
        found.append(f"Use at most {longest} characters; this has {len(value)}.")
    refuse({field: found} if found else {})
    return value


def check_with(validator: Callable[[Any], None], field: str, value: object) -> None:
    """Ask one of Django's validators, and refuse in our words.

    Raises:
        InvalidInput: the validator refuses the value.
    """
    try:
        validator(value)
    except ValidationError as error:
        refuse({field: list(error.messages)})


@contextmanager
def refusing_duplicates(field: str, sentence: str) -> Iterator[None]:
    """Turn a unique constraint's refusal into ``AlreadyExists``: also when two callers race.

    Raises:
        AlreadyExists: the database has such a row already.
    """
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if isinstance(error.__cause__, UniqueViolation):
            raise AlreadyExists(sentence, fields={field: [sentence]}) from error
        raise


def apply_changes(row: models.Model, wanted: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Set what is wanted (None means "leave it"), check it, and return ``{field: [before, after]}``.

    Raises:
        InvalidInput: a new value does not fit its field. The row in memory is then of no use.
    """
    changed = {
        name: [getattr(row, name), value]
        for name, value in wanted.items()
        if value is not None and value != getattr(row, name)
    }
    for name, (_, after) in changed.items():
        setattr(row, name, after)
    check_fields(row, *changed)
    return changed


def in_words(changed: Mapping[str, list[Any]]) -> str:
    """Return what changed as a part of a sentence."""
    return ", ".join(
        f"{name.replace('_', ' ')} from {before or 'nothing'} to {after or 'nothing'}"
        for name, (before, after) in changed.items()
    )


def _of_wrong_type(field: "models.Field[Any, Any]", value: object) -> list[str]:
    if isinstance(field, models.CharField | models.TextField) and not isinstance(value, str):
        return [f"This must be text, not {_kind_of(value)}."]
    whole = isinstance(value, int) and not isinstance(value, bool)
    if isinstance(field, models.IntegerField) and not whole:
        return [f"This must be a whole number, not {_kind_of(value)}."]
    return []


def _of_wrong_text(value: object) -> list[str]:
    if not isinstance(value, str):
        return []
    if "\x00" in value:
        return ["NUL characters are not allowed."]
    if any("\ud800" <= character <= "\udfff" for character in value):
        return ["This is not Unicode text: it holds half a character."]
    return []


def _of_the_field(field: "models.Field[Any, Any]", value: object, row: models.Model) -> list[str]:
    # Django holds a TextField's length in forms only.
    longest = field.max_length if isinstance(field, models.TextField) else None
    if longest is not None and isinstance(value, str) and len(value) > longest:
        return [f"Use at most {longest} characters; this has {len(value)}."]
    try:
        setattr(row, field.name, field.clean(value, row))
    except ValidationError as error:
        return list(error.messages)
    return []


def _kind_of(value: object) -> str:
    names = {
        bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "an object",
        type(None): "nothing",
    }  # fmt: skip
    return names.get(type(value), type(value).__name__)
