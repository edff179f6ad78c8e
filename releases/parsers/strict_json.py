"""JSON as it should be: UTF-8, no name twice, no NaN, nothing that PostgreSQL cannot keep."""

import json
import math
from collections.abc import Iterable
from typing import Any, BinaryIO, Final, NoReturn

from releases.canonical import LARGEST_INTEGER, Json
from releases.parsers.errors import EvidenceRejected
from releases.parsers.reading import blocks, clip

#: The digits of the largest integer and its sign; longer ones are not even converted.
_LONGEST_INTEGER: Final = 17


def read_json(stream: BinaryIO, *, limit: int, finite: bool = True) -> Json:
    """Return the one JSON value in `stream`; raise EvidenceRejected naming what is wrong.

    `finite=False` is for tools that write `NaN` and `Infinity`, which is no JSON: they become floats that
    are not finite, and the parser has to take them out of its facts.
    """
    raw = b"".join(blocks(stream, limit=limit))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise EvidenceRejected(f"The report is not UTF-8 text (byte {error.start}).") from None
    return _loads(text, finite=finite)


def _loads(text: str, *, finite: bool) -> Json:
    try:
        value: Json = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_constant if finite else float,
            parse_int=_integer,
            parse_float=_number if finite else float,
        )
    except json.JSONDecodeError as error:
        raise EvidenceRejected(
            f"The report is not JSON: {error.msg} (line {error.lineno}, column {error.colno})."
        ) from None
    except RecursionError:
        raise EvidenceRejected("The report is nested too deeply.") from None
    if isinstance(value, str):
        _text(value)
    return value


def _object(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name, value in pairs:
        if name in result:
            raise EvidenceRejected(f"The report has the name {_shown(name)} twice in one object.")
        _text(name)
        _texts(value)
        result[name] = value
    return result


def _texts(value: Any) -> None:
    if isinstance(value, str):
        _text(value)
    elif isinstance(value, list):
        # Objects inside a list were checked when they were built.
        for child in value:
            _texts(child)


def _text(text: str) -> None:
    if "\0" in text:
        raise EvidenceRejected(f"The report has a NUL character in the text {_shown(text)}.")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise EvidenceRejected(
                f"The report has half a character in the text {_shown(text)}."
            ) from None


def _constant(name: str) -> NoReturn:
    raise EvidenceRejected(f"The report has the value {name}, which is not a JSON number.")


def _integer(digits: str) -> int:
    if len(digits) > _LONGEST_INTEGER or abs(int(digits)) > LARGEST_INTEGER:
        raise EvidenceRejected(
            f"The report has the integer {clip(digits, 30)}, beyond ±{LARGEST_INTEGER}."
        )
    return int(digits)


def _number(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise EvidenceRejected(f"The report has the number {clip(digits, 30)}, which is too large.")
    return number


def _shown(text: str) -> str:
    return clip(json.dumps(text), 60)
