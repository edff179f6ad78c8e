"""Evidently: data drift, data quality and its tests, in the forms of 0.7 and of 0.6.

The files may hold bare `NaN`. A report without tests says nothing about good or bad, however many
values it has: it is inconclusive, and a gate that wants the values names them (`on_inconclusive`).
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import BinaryIO, Final

from releases.canonical import Json
from releases.outcomes import EvidenceOutcome
from releases.parsers import evidently_forms as forms
from releases.parsers.errors import EvidenceRejected
from releases.parsers.evidently_drift import has_drifted
from releases.parsers.evidently_forms import Metric, Reading, Test
from releases.parsers.port import Parsed
from releases.parsers.reading import clip
from releases.parsers.strict_json import read_json

LARGEST: Final = 16 * 1024 * 1024
MOST_METRICS: Final = 2000
MOST_TESTS: Final = 5000
MOST_FAILURES: Final = 50
MOST_LABELS: Final = 100
LONGEST_NAME: Final = 200
LONGEST_SAID: Final = 500
_NAMED_IN_SUMMARY: Final = 5


class EvidentlyParser:
    """Facts: form, made_at, tests, failures, drift, values, not_numbers."""

    kind: Final = "evidently"
    version: Final = "1"

    def parse(self, stream: BinaryIO, *, limit: int) -> Parsed:
        """Return what `stream` says; raise EvidenceRejected when Evidently did not write it."""
        reading = forms.read(read_json(stream, limit=min(limit, LARGEST), finite=False))
        if len(reading.metrics) > MOST_METRICS or len(reading.tests) > MOST_TESTS:
            raise EvidenceRejected(
                f"The report has more than {MOST_METRICS} metrics or {MOST_TESTS} tests."
            )
        counts = Counter(test.status for test in reading.tests)
        drift = _drift(reading)
        values, not_numbers = _values(reading.metrics)
        facts: dict[str, Json] = {
            "form": reading.form,
            "made_at": clip(reading.made_at, 40),
            "tests": {"total": len(reading.tests)}
            | {name: counts[name] for name in forms.STATUSES},
            "failures": [_failure(test) for test in reading.tests if test.status in _BAD],
            "drift": drift,
            "values": values,
            "not_numbers": list(not_numbers),
        }
        facts["failures"] = facts["failures"][:MOST_FAILURES]  # type: ignore[index]  # a list, as the line above made it
        return Parsed(_outcome(counts), facts, _summary(reading, counts, drift))


_BAD: Final = frozenset({"fail", "error"})


def _outcome(counts: Counter[str]) -> EvidenceOutcome:
    if counts["error"]:
        return EvidenceOutcome.ERROR
    if counts["fail"]:
        return EvidenceOutcome.FAIL
    # Skipped tests and no tests are the same: nothing was asked.
    ran = counts["success"] + counts["warning"]
    return EvidenceOutcome.PASS if ran else EvidenceOutcome.INCONCLUSIVE


def _summary(reading: Reading, counts: Counter[str], drift: Mapping[str, Json]) -> str:
    parts = [f"{counts[name]} {_SAID[name]}" for name in forms.STATUSES if counts[name]]
    number = len(reading.tests)
    about = "1 test" if number == 1 else f"{number} tests"
    first = f"{about}: {', '.join(parts)}." if parts else "The report has no tests."
    return f"{first} {_drift_in_words(drift)}".strip()


_SAID: Final = {
    "success": "passed",
    "warning": "passed with a warning",
    "fail": "failed",
    "error": "ended in an error",
    "skipped": "skipped",
}


def _drift_in_words(drift: Mapping[str, Json]) -> str:
    columns, drifted, undecided = (drift[name] for name in ("columns", "drifted", "undecided"))
    if not isinstance(columns, Mapping) or not columns:
        return ""
    if not isinstance(drifted, list) or not isinstance(undecided, list):
        return ""
    names = [clip(str(name), 40) for name in drifted[:_NAMED_IN_SUMMARY]]
    more = f" and {len(drifted) - len(names)} more" if len(drifted) > len(names) else ""
    which = f": {', '.join(names)}{more}" if names else ""
    open_ones = f", {len(undecided)} not decidable" if undecided else ""
    return f"{len(drifted)} of {len(columns)} columns drifted{which}{open_ones}."


def _failure(test: Test) -> dict[str, Json]:
    return {
        "name": clip(test.name, LONGEST_NAME),
        "message": clip(test.said, LONGEST_SAID),
        "status": test.status,
    }


def _drift(reading: Reading) -> dict[str, Json]:
    columns: dict[str, Json] = {}
    drifted: list[str] = []
    undecided: list[str] = []
    for metric in reading.metrics:
        if metric.kind != "ValueDrift":
            continue
        name = clip(forms.text(metric.settings.get("column")) or metric.name, LONGEST_NAME)
        answer = _has_drifted(metric, reading.tests)
        columns[name] = _column(metric) | ({} if answer is None else {"drifted": answer})
        (undecided if answer is None else drifted if answer else []).append(name)
    return {
        "columns": columns,
        "drifted": list(drifted),
        "undecided": list(undecided),
        **_dataset_drift(reading.metrics),
    }


def _column(metric: Metric) -> dict[str, Json]:
    column: dict[str, Json] = {"method": clip(forms.text(metric.settings.get("method")), 80)}
    for name, value in (("value", metric.value), ("threshold", metric.settings.get("threshold"))):
        if (number := _number(value)) is not None:
            column[name] = number
    return column


def _has_drifted(metric: Metric, tests: Sequence[Test]) -> bool | None:
    """Return what the report says of the column, else what its test says, else what the method means."""
    if metric.drifted is not None:
        return metric.drifted
    own = [test for test in tests if test.id == "drift" and metric.id and test.about == metric.id]
    said = {test.status for test in own}
    if said & {"fail", "warning"}:
        return True
    if said == {"success"}:
        return False
    method = forms.text(metric.settings.get("method"))
    return has_drifted(method, _number(metric.value), _number(metric.settings.get("threshold")))


def _dataset_drift(metrics: Sequence[Metric]) -> dict[str, Json]:
    """Return count, share and drift_share of the first metric about the data set, and what they mean."""
    for metric in metrics:
        if metric.kind != "DriftedColumnsCount" or not isinstance(metric.value, Mapping):
            continue
        numbers = {
            "count": _number(metric.value.get("count")),
            "share": _number(metric.value.get("share")),
            "drift_share": _number(metric.settings.get("drift_share")),
        }
        said: dict[str, Json] = {
            name: number for name, number in numbers.items() if number is not None
        }
        if numbers["share"] is not None and numbers["drift_share"] is not None:
            said["dataset_drift"] = numbers["share"] >= numbers["drift_share"]
        return said
    return {}


def _values(metrics: Sequence[Metric]) -> tuple[dict[str, Json], list[str]]:
    """Return the numbers by the metric's name, and the names of those that are no finite numbers."""
    values: dict[str, Json] = {}
    not_numbers: list[str] = []
    for metric in metrics:
        name = clip(metric.name, LONGEST_NAME)
        read = _numbers(metric.value, name, not_numbers, depth=1)
        if read is not None and name not in values:
            values[name] = read
    return values, not_numbers


def _numbers(value: Json, where: str, not_numbers: list[str], *, depth: int) -> Json:
    """Return the numbers in a value; None where there are none (tables are left out)."""
    if isinstance(value, Mapping):
        if depth > 2:  # noqa: PLR2004 -- {counts: {label: number}}
            return None
        kept = {
            clip(label, LONGEST_NAME): read
            for label, child in list(value.items())[:MOST_LABELS]
            if (read := _numbers(child, f"{where}.{label}", not_numbers, depth=depth + 1))
            is not None
        }
        return kept or None
    number = _number(value)
    if number is None and isinstance(value, float):
        not_numbers.append(clip(where, LONGEST_NAME))
    return number


def _number(value: Json) -> float | int | None:
    """Return a finite number; None for everything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if math.isfinite(value) else None
