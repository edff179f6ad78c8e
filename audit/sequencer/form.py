"""The one form that every reader of an entry reads alike. What has another is not put into the tree."""

import re
from typing import Any, Final

import orjson

from audit.canonical import canonical
from audit.depth import DEEPEST, is_too_deep

# Where a number may have a fraction, an exponent or many digits, it is looked at more closely. Without white
# space, which the one form has nowhere, a number stands behind a key's quotation mark and colon, or behind a
# bracket or a comma; text that looks like one costs a closer look, too, and nothing else. Digests, UUIDs,
# times and tags have colons, dashes, digits and an "e": they must not look like one, since every entry has
# some. An expression over the entry itself would take as long as reading it three times.
_LOOK: Final = bytes.maketrans(b"0123456789-[.eE", b"00000000000,...")
_FRACTIONS: Final = (re.compile(rb'":0+\.'), re.compile(rb",0+\."))
_LONG: Final = (b'":' + b"0" * 16, b"," + b"0" * 16)
_OBJECTS: Final = ("data", "object", "private", "source")
_TEXTS: Final = ("outcome", "project")
_STREAM: Final = re.compile(r"[ !#-\[\]-~]{1,200}")
"""Printable ASCII that needs no escape: readers find an entry's stream without reading all of it."""


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
    if not is_a_stream(said["s"]):
        return "The name of its stream is empty, longer than 200 characters, or not of plain ASCII."
    return _missing_part(said["body"])


def is_a_stream(name: str) -> bool:
    """Whether verifiers find a stream of that name."""
    return _STREAM.fullmatch(name) is not None


def _is_canonical(said: Any, entry: bytes) -> bool:
    if entry.isascii() and _is_flat(entry) and has_plain_numbers(entry):
        return orjson.dumps(said, option=orjson.OPT_SORT_KEYS) == entry
    if is_too_deep(said):
        raise ValueError(f"It is nested deeper than {DEEPEST} levels.")
    return canonical(said) == entry


def has_plain_numbers(entry: bytes) -> bool:
    """Return False if an entry may hold a number other than a short integer; text may look like one."""
    seen = entry.translate(_LOOK)
    return not any(long in seen for long in _LONG) and not any(
        fraction.search(seen) for fraction in _FRACTIONS
    )


def _is_flat(entry: bytes) -> bool:
    return entry.count(b"{") + entry.count(b"[") <= DEEPEST


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
