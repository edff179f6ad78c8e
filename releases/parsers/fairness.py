"""Fairness by slices, `gatehouse.fairness/v1`: what a model does to each group, counted and never row by row.

The portal compares the groups itself: for every attribute and metric the lowest and the highest value,
their ratio and their difference. Nobody has to believe a ratio that somebody else computed.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import BinaryIO, Final

from releases.canonical import Json
from releases.outcomes import EvidenceOutcome
from releases.parsers.errors import EvidenceRejected
from releases.parsers.metrics import METRIC_NAME
from releases.parsers.port import Parsed
from releases.parsers.reading import clip
from releases.parsers.strict_json import read_json

SCHEMA: Final = "gatehouse.fairness/v1"
LARGEST: Final = 1024 * 1024
MOST_SLICES: Final = 500
MOST_METRICS: Final = 50
LONGEST_TEXT: Final = 100
#: Shares of a group: they lie between 0 and 1.
RATES: Final = frozenset(
    {"selection_rate", "tpr", "fpr", "tnr", "fnr", "accuracy", "precision", "recall", "prevalence"}
)
_MEMBERS: Final = frozenset({"schema", "model", "dataset", "slices", "reference"})
_OF_SLICE: Final = frozenset({"attribute", "value", "n", "metrics"})
_PLACES: Final = 6
_NAMED_IN_SUMMARY: Final = 5


@dataclass(frozen=True, slots=True)
class _Slice:
    attribute: str
    value: str
    n: int
    metrics: Mapping[str, float]

    def facts(self) -> dict[str, Json]:
        return {
            "attribute": self.attribute,
            "value": self.value,
            "n": self.n,
            "metrics": dict(self.metrics),
        }


class FairnessParser:
    """Facts: model, dataset, reference, slices, attributes, lowest_n, undefined.

    `attributes` holds per attribute its number of `slices`, `lowest_n`, and in `metrics` per metric
    `lowest`, `highest`, `ratio`, `difference`, `lowest_slice` and `highest_slice`.
    """

    kind: Final = "fairness"
    version: Final = "1"

    def parse(self, stream: BinaryIO, *, limit: int) -> Parsed:
        """Return the slices of `stream`; raise EvidenceRejected for anything else."""
        document = read_json(stream, limit=min(limit, LARGEST), finite=False)
        if not isinstance(document, Mapping) or document.get("schema") != SCHEMA:
            raise EvidenceRejected(f'A fairness report is a JSON object with "schema": "{SCHEMA}".')
        _no_others(document, _MEMBERS, "A fairness report")
        undefined: list[str] = []
        slices = _slices(document.get("slices"), undefined)
        attributes = _attributes(slices)
        facts: dict[str, Json] = {
            "model": _text(document.get("model", ""), "model"),
            "dataset": _texts(document.get("dataset"), "dataset", ("name", "digest")),
            "reference": _texts(document.get("reference"), "reference", ("attribute", "value")),
            "slices": [each.facts() for each in slices],
            "attributes": attributes,
            "undefined": list(undefined),
        }
        if slices:
            facts["lowest_n"] = min(each.n for each in slices)
        return Parsed(_outcome(slices, attributes), facts, _summary(slices, attributes))


def _outcome(slices: Sequence[_Slice], attributes: Mapping[str, Json]) -> EvidenceOutcome:
    """Whether the differences are acceptable is for policies to say; the report only has to have some."""
    compared = any(len(_of(slices, name)) > 1 for name in attributes)
    measured = any(each.metrics for each in slices)
    return EvidenceOutcome.PASS if compared and measured else EvidenceOutcome.INCONCLUSIVE


def _summary(slices: Sequence[_Slice], attributes: Mapping[str, Json]) -> str:
    if not slices:
        return "The report has no slice: nothing was measured."
    count = "1 slice" if len(slices) == 1 else f"{len(slices)} slices"
    names = list(attributes)
    shown = ", ".join(clip(name, 40) for name in names[:_NAMED_IN_SUMMARY])
    more = f" and {len(names) - _NAMED_IN_SUMMARY} more" if len(names) > _NAMED_IN_SUMMARY else ""
    least = min(each.n for each in slices)
    sentence = f"{count} by {shown}{more}; the smallest has {least} cases."
    if not any(each.metrics for each in slices):
        return f"{sentence} None of them has a number."
    if all(len(_of(slices, name)) == 1 for name in attributes):
        return f"{sentence} With one slice per attribute there is nothing to compare."
    return sentence


def _slices(listed: Json, undefined: list[str]) -> list[_Slice]:
    if not isinstance(listed, list):
        raise EvidenceRejected("A fairness report has a list named slices.")
    if len(listed) > MOST_SLICES:
        raise EvidenceRejected(f"The report has more than {MOST_SLICES} slices.")
    slices = [_slice(each, index, undefined) for index, each in enumerate(listed)]
    seen: set[tuple[str, str]] = set()
    for each in slices:
        if (each.attribute, each.value) in seen:
            raise EvidenceRejected(
                f"The slice {clip(each.attribute, 60)}={clip(each.value, 60)} is there twice."
            )
        seen.add((each.attribute, each.value))
    return slices


def _slice(listed: Json, index: int, undefined: list[str]) -> _Slice:
    where = f"slices[{index}]"
    if not isinstance(listed, Mapping):
        raise EvidenceRejected(f"{where} is no object with attribute, value, n and metrics.")
    _no_others(listed, _OF_SLICE, where)
    attribute = _text(listed.get("attribute"), f"{where}.attribute", required=True)
    value = _text(listed.get("value"), f"{where}.value", required=True)
    n = listed.get("n")
    if isinstance(n, bool) or not isinstance(n, int) or n < 0:
        raise EvidenceRejected(f"{where}.n is not a number of cases: a whole number, 0 or more.")
    metrics = listed.get("metrics")
    if not isinstance(metrics, Mapping) or len(metrics) > MOST_METRICS:
        raise EvidenceRejected(
            f"{where}.metrics is no object of at most {MOST_METRICS} names and numbers."
        )
    numbers: dict[str, float] = {}
    for name, number in metrics.items():
        read = _number(name, number, where)
        if read is None:
            undefined.append(f"{name} of {attribute}={value}")
        else:
            numbers[name] = read
    return _Slice(attribute, value, n, numbers)


def _number(name: str, number: Json, where: str) -> float | None:
    """Return the value; None where the tool says that there is none (null or NaN)."""
    if not METRIC_NAME.fullmatch(name):
        raise EvidenceRejected(
            f"{where} has the metric {clip(ascii(name), 60)}; names have letters, digits and "
            "underscores and do not start with a digit."
        )
    if number is None or (isinstance(number, float) and math.isnan(number)):
        return None
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise EvidenceRejected(f"{where}.metrics.{name} is no number.")
    if math.isinf(number) or (name in RATES and not 0 <= number <= 1):
        raise EvidenceRejected(f"{where}.metrics.{name} is {number}; a rate lies between 0 and 1.")
    return float(number)


def _attributes(slices: Sequence[_Slice]) -> dict[str, Json]:
    names = dict.fromkeys(each.attribute for each in slices)
    return {name: _attribute(_of(slices, name)) for name in names}


def _attribute(slices: Sequence[_Slice]) -> dict[str, Json]:
    values: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for each in slices:
        for name, number in each.metrics.items():
            values[name].append((number, each.value))
    spreads = {name: _spread(found) for name, found in values.items() if len(found) > 1}
    return {
        "slices": len(slices),
        "lowest_n": min(each.n for each in slices),
        "metrics": spreads,
    }


def _spread(found: Iterable[tuple[float, str]]) -> dict[str, Json]:
    """Return lowest and highest, and the ratio where the highest is above zero."""
    ordered = sorted(found)
    (lowest, lowest_slice), (highest, highest_slice) = ordered[0], ordered[-1]
    spread: dict[str, Json] = {
        "lowest": lowest,
        "highest": highest,
        "difference": round(highest - lowest, _PLACES),
        "lowest_slice": lowest_slice,
        "highest_slice": highest_slice,
    }
    if highest > 0:
        # Cut off, never rounded up: 0.7999999 is below four fifths. As decimals, so that 0.56 of 0.7 is 0.8.
        ratio = Decimal(repr(lowest)) / Decimal(repr(highest))
        spread["ratio"] = float(ratio.quantize(Decimal("1e-6"), ROUND_FLOOR))
    return spread


def _of(slices: Iterable[_Slice], attribute: str) -> list[_Slice]:
    return [each for each in slices if each.attribute == attribute]


def _no_others(holder: Mapping[str, Json], known: frozenset[str], what: str) -> None:
    """Refuse members that are not known: that is also how rows about people would arrive."""
    for name in holder:
        if name not in known:
            raise EvidenceRejected(
                f"{what} has no member {clip(ascii(name), 60)}; it has {', '.join(sorted(known))}."
            )


def _texts(value: Json, where: str, names: tuple[str, ...]) -> dict[str, Json]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise EvidenceRejected(f"{where} is no object with {' and '.join(names)}.")
    _no_others(value, frozenset(names), where)
    return {name: _text(value[name], f"{where}.{name}") for name in names if name in value}


def _text(value: Json, where: str, *, required: bool = False) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_TEXT or (required and not value.strip()):
        raise EvidenceRejected(f"{where} is no text of at most {LONGEST_TEXT} characters.")
    return value
