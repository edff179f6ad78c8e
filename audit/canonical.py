"""Canonical JSON of an entry's body: RFC 8785, for the part of JSON that has one form without effort."""

from typing import Any

import orjson

from audit.errors import NotRecordable

LARGEST_INTEGER = 2**53 - 1
"""Beyond this, two readers of JSON may see two different numbers (RFC 7493, section 2.2)."""


def canonical(value: Any) -> bytes:
    """Return the canonical UTF-8 bytes of a body.

    Raises:
        TypeError: a float, or something that is not JSON.
        NotRecordable: a key that is not ASCII, a number too large, or text that PostgreSQL cannot keep.
    """
    _refuse_inexact(value)
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME)


def _refuse_inexact(value: Any) -> None:
    match value:
        case str():  # first, since most values are
            _refuse_text(value)
        case dict():
            for key, inner in value.items():
                _refuse_key(key)
                _refuse_inexact(inner)
        case list() | tuple():
            for inner in value:
                _refuse_inexact(inner)
        case float():
            raise TypeError("A float has no canonical form here: write it as a string.")
        case int() if abs(value) > LARGEST_INTEGER:
            raise NotRecordable(f"{value} is beyond the integers that JSON carries exactly.")


def _refuse_key(key: object) -> None:
    # ASCII only: then the order by byte, by code point and by UTF-16 unit is the same one.
    if not str(key).isascii():
        raise NotRecordable(f"The key {key!r} is not ASCII.")


def _refuse_text(text: str) -> None:
    if "\x00" in text:
        raise NotRecordable("NUL characters cannot be recorded.")
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise NotRecordable("This is not Unicode text: it holds half a character.")
