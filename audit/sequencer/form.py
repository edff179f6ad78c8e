"""The one form that every reader of an entry reads alike. What has another is not put into the tree."""

import re
from collections.abc import Iterable
from typing import Any, Final

import orjson

from audit.canonical import canonical

DEEPEST: Final = 64
"""Levels of lists and objects within an entry; readers of JSON give up at some depth, each at its own."""

_BODY: Final = len('{"at":"2026-03-03T14:05:00.000000Z","body":')
# Where a number may have a fraction, an exponent or many digits, it is looked at more closely. Text that
# looks like one costs a closer look, too, and nothing else. An expression over the entry itself would take
# as long as reading it three times.
_LOOK: Final = bytes.maketrans(b"0123456789-,[.eE", b"00000000000::...")
_FRACTION: Final = re.compile(rb":0+\.")
_LONG: Final = b":" + b"0" * 16
_OBJECTS: Final = ("data", "object", "private", "source")
_TEXTS: Final = ("outcome", "project")


def flaw_of(entry: bytes) -> str | None:
    """Return what is wrong with an entry's form, as a sentence; None if it is RFC 8785 and has its parts.

    The database composes what is around the body. The body is what the application said: valid JSON with
    a type and an actor, and PostgreSQL sees no more of it.
    """
    try:
        said = orjson.loads(entry)
        if not _is_canonical(said, entry):
            return "It is not in the canonical form of RFC 8785, so two readers may read it differently."
    except (TypeError, ValueError) as error:
        return f"It is not in the canonical form of RFC 8785: {error}"
    return _missing_part(said["body"])


def _is_canonical(said: Any, entry: bytes) -> bool:
    if entry.isascii() and _is_flat(entry) and _has_short_integers(entry):
        return orjson.dumps(said, option=orjson.OPT_SORT_KEYS) == entry
    if _is_too_deep(said):
        raise ValueError(f"It is nested deeper than {DEEPEST} levels.")
    return canonical(said) == entry


def _has_short_integers(entry: bytes) -> bool:
    seen = entry.translate(_LOOK)
    return _LONG not in seen and not _FRACTION.search(seen, _BODY)


def _is_flat(entry: bytes) -> bool:
    return entry.count(b"{") + entry.count(b"[") <= DEEPEST


def _is_too_deep(said: Any) -> bool:
    level = [said]
    for _ in range(DEEPEST):
        level = [inner for each in level for inner in _inside(each)]
    return any(isinstance(each, dict | list) for each in level)


def _inside(said: Any) -> Iterable[Any]:
    match said:
        case dict():
            return said.values()
        case list():
            return said
        case _:
            return ()


def _missing_part(body: Any) -> str | None:
    # Whoever verifies or shows entries relies on these.
    if not isinstance(body, dict) or not isinstance(body.get("type"), str):
        return "Its body is not one of an event: the type is not a text."
    actor = body.get("actor")
    if not isinstance(actor, dict) or not isinstance(actor.get("id"), str):
        return "Its body is not one of an event: the actor is not a pseudonym."
    for part in _OBJECTS:
        if not isinstance(body.get(part, {}), dict):
            return f"Its body is not one of an event: {part} is not an object."
    for part in _TEXTS:
        if not isinstance(body.get(part, ""), str | None):
            return f"Its body is not one of an event: {part} is not a text."
    return None
