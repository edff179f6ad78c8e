"""Canonical JSON: the one byte string that stands for a document, and the digest of it.

RFC 8785 (JCS) output for the subset of JSON that all of its implementations agree on without
effort: no floating point numbers, integers a double can hold, ASCII member names (so that sorting
by code point, by UTF-16 unit and by byte is the same order).
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeAlias

import orjson

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"

#: RFC 7493 (I-JSON) 2.2: beyond this, two readers may see two different numbers.
LARGEST_INTEGER: Final = 2**53 - 1
#: Deeper documents are nobody's honest work, and recursion has its limits.
DEEPEST: Final = 64


class NotCanonical(ValueError):
    """A value that has no canonical form. `path` is its JSON path, `sentence` says why."""

    def __init__(self, path: str, sentence: str) -> None:
        super().__init__(f"{path}: {sentence}")
        self.path = path
        self.sentence = sentence


def canonical_bytes(value: object) -> bytes:
    """Return the canonical UTF-8 bytes of `value`.

    Raises NotCanonical for floats, integers beyond 2^53-1, member names that are not ASCII text,
    strings that are not Unicode text (lone surrogates), more than 64 levels, and everything that
    is not JSON (datetimes and UUIDs are for the caller to write down).
    """
    _check(value)
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def digest_of(value: object) -> str:
    """Return `sha256:` and the 64 hexadecimal digits of the canonical bytes of `value`."""
    return f"sha256:{hashlib.sha256(canonical_bytes(value)).hexdigest()}"


def _check(document: object) -> None:
    waiting: list[tuple[str, object, int]] = [("$", document, 0)]
    while waiting:
        path, value, depth = waiting.pop()
        if depth > DEEPEST:
            raise NotCanonical(path, f"is nested more than {DEEPEST} levels deep.")
        _check_scalar(path, value)
        waiting.extend((where, child, depth + 1) for where, child in _children(path, value))


def _check_scalar(path: str, value: object) -> None:
    match value:
        case None | bool() | dict() | list():
            pass
        case int():
            if abs(value) > LARGEST_INTEGER:
                raise NotCanonical(path, f"is {value}, beyond the integers JSON can carry exactly.")
        case str():
            _check_text(path, value)
        case float():
            raise NotCanonical(path, f"is {value}, a number with a fraction; use an integer.")
        case _:
            raise NotCanonical(path, f"is a {type(value).__name__}, which JSON does not know.")


def _check_text(path: str, text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise NotCanonical(path, "is not Unicode text: it holds half a character.") from None


def _children(path: str, value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, list):
        for index, child in enumerate(value):
            yield f"{path}[{index}]", child
    elif isinstance(value, dict):
        for key, child in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise NotCanonical(path, f"has the name {key!r}; names must be ASCII text.")
            yield f"{path}.{key}", child
