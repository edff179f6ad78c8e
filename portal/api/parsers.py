"""JSON in: UTF-8, no name twice, no NaN, nothing that PostgreSQL cannot keep, nothing too big or too deep."""

import json
import math
from collections.abc import Iterable, Mapping
from typing import IO, Any, Final, NoReturn

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from catalog.api.bodies import TooLarge, drain
from portal.api.renderers import OrjsonRenderer

MAX_BYTES: Final = 2 * 1024 * 1024
MAX_DEPTH: Final = 50
MAX_DIGITS: Final = 25
"""More than 64 bits need; converting a million digits takes seconds."""


class StrictJSONParser(BaseParser):
    """The only parser of most calls."""

    media_type = "application/json"
    renderer_class = OrjsonRenderer

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the one value in the body.

        Raises:
            ParseError: it is not JSON as described above; says what and where.
            TooLarge: it is larger than 2 MB.
        """
        return loads(read(stream, limit=MAX_BYTES))


def read(stream: IO[bytes], *, limit: int) -> bytes:
    """Return the body, refusing one larger than the limit."""
    raw = stream.read(limit + 1)
    if len(raw) > limit:
        drain(stream)
        raise TooLarge(
            f"The body is larger than {limit} bytes ({limit // (1024 * 1024)} MB), the most this call takes."
        )
    return raw


def loads(raw: bytes) -> Any:
    """Return the value."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ParseError(f"The body is not UTF-8 text (byte {error.start}).") from None
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_int=_integer,
            parse_float=_number,
        )
    except json.JSONDecodeError as error:
        raise ParseError(
            f"The body is not JSON: {error.msg} (line {error.lineno}, column {error.colno})."
        ) from None
    except RecursionError:
        raise ParseError(_TOO_DEEP) from None
    _check(value, 0)
    return value


_TOO_DEEP: Final = f"The body is nested more than {MAX_DEPTH} levels deep."


def _check(value: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise ParseError(_TOO_DEEP)
    if isinstance(value, str):
        _text(value)
    elif isinstance(value, list):
        for inner in value:
            _check(inner, depth + 1)
    elif isinstance(value, dict):
        for name, inner in value.items():
            _text(name)
            _check(inner, depth + 1)


def _text(text: str) -> None:
    if "\0" in text:
        raise ParseError(
            f"The body has a NUL character in the text {_shown(text)}; no text here may hold one."
        )
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise ParseError(
                f"The body has half a character (a lone surrogate) in the text {_shown(text)}."
            ) from None


def _object(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name, value in pairs:
        if name in result:
            raise ParseError(f"The body has the name {_shown(name)} twice in one object.")
        result[name] = value
    return result


def _constant(name: str) -> NoReturn:
    raise ParseError(f"The body has the value {name}, which is not a JSON number.")


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ParseError(
            f"The body has an integer of {len(digits)} digits; {MAX_DIGITS} are the most."
        )
    return int(digits)


def _number(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ParseError(f"The body has the number {digits[:30]}, which is too large.")
    return number


def _shown(text: str) -> str:
    shown = json.dumps(text)
    return shown if len(shown) <= 60 else f"{shown[:59]}…"  # noqa: PLR2004 -- a line's half
