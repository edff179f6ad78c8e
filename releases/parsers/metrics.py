"""Metrics: a plain JSON object of named numbers, texts and truth values, `gatehouse.metrics/v1`.

Names are limited to what a gate expression can address with a dot: `evidence.latency.p95_ms`.
"""

import re
from collections.abc import Iterator, Mapping
from typing import BinaryIO, Final

from releases.canonical import Json
from releases.outcomes import EvidenceOutcome
from releases.parsers.errors import EvidenceRejected
from releases.parsers.port import Parsed
from releases.parsers.reading import clip
from releases.parsers.strict_json import read_json

SCHEMA: Final = "gatehouse.metrics/v1"
LARGEST: Final = 1024 * 1024
DEEPEST: Final = 5
MOST_VALUES: Final = 1000
LONGEST_TEXT: Final = 1000
METRIC_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
#: CEL's own words: `evidence.in` is no expression.
_RESERVED: Final = frozenset({"in", "true", "false", "null"})
_NAMED_IN_SUMMARY: Final = 5


class MetricsParser:
    """Reads `gatehouse.metrics/v1`; the facts are the object itself."""

    kind: Final = "metrics"
    version: Final = "1"

    def parse(self, stream: BinaryIO, *, limit: int) -> Parsed:
        """Return the metrics of `stream`; raise EvidenceRejected for anything else."""
        document = read_json(stream, limit=min(limit, LARGEST))
        if not isinstance(document, Mapping):
            raise EvidenceRejected("Metrics are one JSON object of names and values.")
        if document.get("schema", SCHEMA) != SCHEMA:
            raise EvidenceRejected(f"The metrics' schema is not {SCHEMA}.")
        names = [name for name in _values(document, (), 1) if name != "schema"]
        if not names:
            return Parsed(EvidenceOutcome.INCONCLUSIVE, document, "The metrics hold no value.")
        return Parsed(EvidenceOutcome.PASS, document, _summary(names))


def _values(metrics: Mapping[str, Json], inside: tuple[str, ...], depth: int) -> list[str]:
    if depth > DEEPEST:
        raise EvidenceRejected(
            f"{'.'.join(inside)} is nested deeper than the {DEEPEST} levels metrics may have."
        )
    names: list[str] = []
    for name, value in metrics.items():
        names.extend(_value((*inside, _checked(name)), value, depth))
        if len(names) > MOST_VALUES:
            raise EvidenceRejected(f"The metrics hold more than {MOST_VALUES} values.")
    return names


def _value(path: tuple[str, ...], value: Json, depth: int) -> Iterator[str]:
    where = ".".join(path)
    match value:
        case Mapping():
            yield from _values(value, path, depth + 1)
        case None:
            raise EvidenceRejected(f"{where} is null; leave the name out or give it a value.")
        case str():
            if len(value) > LONGEST_TEXT:
                raise EvidenceRejected(f"{where} is longer than {LONGEST_TEXT} characters.")
            yield where
        case bool() | int() | float():
            yield where
        case _:
            raise EvidenceRejected(f"{where} is a list; metrics are numbers, texts and booleans.")


def _checked(name: str) -> str:
    if name in _RESERVED:
        raise EvidenceRejected(f"A metric may not be named {name}, a word of the rule language.")
    if not METRIC_NAME.fullmatch(name):
        raise EvidenceRejected(
            f"The metric name {clip(ascii(name), 60)} cannot be used in a rule: names have letters,"
            " digits and underscores, do not start with a digit, and are at most 64 long"
            f"{_suggestion(name)}."
        )
    return name


def _suggestion(name: str) -> str:
    better = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")
    return f"; {better} would do" if METRIC_NAME.fullmatch(better) else ""


def _summary(names: list[str]) -> str:
    shown = ", ".join(names[:_NAMED_IN_SUMMARY])
    more = f" and {len(names) - _NAMED_IN_SUMMARY} more" if len(names) > _NAMED_IN_SUMMARY else ""
    count = "1 value" if len(names) == 1 else f"{len(names)} values"
    return f"{count}: {clip(shown, 400)}{more}."
