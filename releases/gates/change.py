"""Champion against challenger: is the version under review good enough, and better by enough.

The meaning of the thresholds is MLflow's: at least (at most) `threshold`; at least the champion's value
plus (minus) `min_absolute_change`; better by at least `min_relative_change` of the champion's magnitude,
and where that is zero, better at all.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Final

from releases.gates.asks import Compare, MetricThreshold, NoChampion
from releases.gates.gate import Gate, GateOutcome, Item
from releases.gates.measures import Key, Measure, Measures, pair_of
from releases.outcomes import GateVerdict

#: MLflow's smallest improvement over a champion whose value is zero.
_BETTER_AT_ALL: Final = Decimal("1e-10")
_WORST_FIRST: Final = (GateVerdict.FAIL, GateVerdict.INCONCLUSIVE, GateVerdict.WARN)


@dataclass(frozen=True, slots=True)
class Sides:
    """Both sides of a comparison.

    Attributes:
        champion: what serves now in the environment; None where nothing serves.
        environment: its name.
        why_not_compared: why changes are not asked for, although something serves; empty if they are.
    """

    challenger: Measures
    environment: str
    champion: Item | None = None
    champion_measures: Measures = field(default_factory=Measures)
    why_not_compared: str = ""


@dataclass(frozen=True, slots=True)
class _Said:
    verdict: GateVerdict
    sentence: str
    remedy: str = ""


def judge_change(gate: Gate, compare: Compare, item: Item, sides: Sides) -> GateOutcome:
    """Ask the comparison about the item; the worst answer is the answer."""
    said = [one for threshold in compare.metrics for one in _threshold(threshold, item, sides)]
    said = [
        _Said(gate.refusal, one.sentence, one.remedy) if one.verdict == GateVerdict.FAIL else one
        for one in said
    ]
    if sides.champion is None and any(each.needs_champion for each in compare.metrics):
        said.append(_no_champion(compare.no_champion, item, sides.environment))
    elif sides.why_not_compared:
        said.append(_Said(GateVerdict.PASS, sides.why_not_compared))
    verdict = next(
        (word for word in _WORST_FIRST if any(one.verdict == word for one in said)),
        GateVerdict.PASS,
    )
    told = [one for one in said if one.verdict != GateVerdict.PASS] or said
    remedies = [one.remedy for one in told if one.remedy]
    return GateOutcome(
        verdict,
        f"{item}: {' '.join(dict.fromkeys(one.sentence for one in told))}",
        (gate.satisfied_by or " ".join(dict.fromkeys(remedies)))
        if verdict != GateVerdict.PASS
        else "",
    )


def _no_champion(choice: NoChampion, item: Item, environment: str) -> _Said:
    nothing = f"No version of {item.artifact} serves in {environment} yet"
    if choice is NoChampion.PASS:
        return _Said(
            GateVerdict.PASS,
            f"{nothing}, so there is nothing to compare with; the policy allows it.",
        )
    return _Said(
        GateVerdict.INCONCLUSIVE,
        f"{nothing}, so there is nothing to compare with.",
        'For a first deployment, use a policy whose gate says "no_champion": "pass".',
    )


def _threshold(threshold: MetricThreshold, item: Item, sides: Sides) -> Iterator[_Said]:
    keys = _keys(threshold, sides)
    unmeasured = [
        slice_ for _, slice_ in keys if not sides.challenger.get((threshold.metric, slice_))
    ]
    if unmeasured or not keys:
        yield _missing(threshold, item, unmeasured or [threshold.slice])
    for key in keys:
        yield from _ask(threshold, key, item, sides)


def _keys(threshold: MetricThreshold, sides: Sides) -> list[Key]:
    """Return the metric itself, or every slice of either side that the pattern means."""
    if "*" not in threshold.slice and "?" not in threshold.slice:
        return [(threshold.metric, threshold.slice)]
    theirs = sides.champion_measures if _compares(threshold, sides) else Measures()
    found = dict.fromkeys([*sides.challenger, *theirs])
    return sorted(
        (metric, slice_)
        for metric, slice_ in found
        if metric == threshold.metric and slice_ and fnmatchcase(slice_, threshold.slice)
    )


def _compares(threshold: MetricThreshold, sides: Sides) -> bool:
    has_champion = sides.champion is not None and not sides.why_not_compared
    return threshold.needs_champion and has_champion


def _ask(threshold: MetricThreshold, key: Key, item: Item, sides: Sides) -> Iterator[_Said]:
    theirs = sides.champion_measures if _compares(threshold, sides) else Measures()
    ours, champions = pair_of(sides.challenger, theirs, key)
    if ours is None:
        return  # said of all slices together
    if ours.value is None:
        yield _no_number(ours, item)
        return
    if threshold.threshold is not None:
        yield _bounded(threshold, ours, ours.value, threshold.threshold, "the rule")
    if _compares(threshold, sides) and sides.champion is not None:
        yield from _changes(threshold, ours, champions, sides.champion)


def _changes(
    threshold: MetricThreshold, ours: Measure, champions: Measure | None, champion: Item
) -> Iterator[_Said]:
    if champions is None:
        yield _Said(
            GateVerdict.INCONCLUSIVE,
            f"The champion {champion} has no {ours.name}, so nothing can be compared.",
            f"Measure {champion} on the same data and upload its {ours.metric}"
            f"{' in a fairness report' if ours.slice else ' as evidence of kind metrics'}.",
        )
        return
    if champions.value is None:
        yield _no_number(champions, champion)
        return
    if ours.value is None:
        return
    for bound, wanted in _bounds(threshold, champions.value):
        against = f"{champion} has {plain(champions.value)}; {wanted}"
        yield _bounded(threshold, ours, ours.value, bound, against)


def _bounds(threshold: MetricThreshold, base: Decimal) -> Iterator[tuple[Decimal, str]]:
    sign = 1 if threshold.greater_is_better else -1
    change = threshold.min_absolute_change
    if change is not None:
        yield base + sign * change, _wanted(plain(abs(change)), change)
    share = threshold.min_relative_change
    if share is not None:
        step = abs(base) * share if base else (_BETTER_AT_ALL if share > 0 else Decimal(0))
        yield base + sign * step, _wanted(f"{plain(abs(share) * 100)} %", share)


def _wanted(amount: str, change: Decimal) -> str:
    if change > 0:
        return f"wanted: better by at least {amount}"
    return f"wanted: worse by at most {amount}" if change else "wanted: not worse"


def _bounded(
    threshold: MetricThreshold, ours: Measure, value: Decimal, bound: Decimal, against: str
) -> _Said:
    least = "at least" if threshold.greater_is_better else "at most"
    holds = value >= bound if threshold.greater_is_better else value <= bound
    rule = f"{against} is {least} {plain(bound)}" if against == "the rule" else against
    sentence = f"{ours.name} is {plain(value)}, {rule}."
    if holds:
        return _Said(GateVerdict.PASS, sentence)
    remedy = f"A version whose {ours.name} is {least} {plain(bound)} satisfies this."
    return _Said(GateVerdict.FAIL, sentence, remedy)


def _missing(threshold: MetricThreshold, item: Item, slices: Sequence[str]) -> _Said:
    """Say what the policy asks for and nobody measured; the slice "" is the whole."""
    metric = threshold.metric
    if slices == [""]:
        name, how, logged = metric, "Upload it as evidence of kind metrics", f"the metric {metric}"
    else:
        several = len(slices) > 1
        name = f"{metric} for {', '.join(slices)}"
        how = f"Upload a fairness report with {'those slices' if several else 'that slice'}"
        metrics = ", ".join(f"{metric}__{each}" for each in slices)
        logged = f"the metric{'s' if several else ''} {metrics}"
    return _Said(
        GateVerdict.INCONCLUSIVE,
        f"Nobody measured {name}.",
        f"{how} for {item}, or log {logged} in its MLflow run before it is registered.",
    )


def _no_number(measure: Measure, item: Item) -> _Said:
    return _Said(
        GateVerdict.INCONCLUSIVE,
        f"{measure.name} of {item} is {measure.said or 'no number'} in the {measure.source}.",
        f"Measure {item} again so that {measure.name} is a finite number.",
    )


def plain(value: Decimal) -> str:
    """Return a number as people write it: no exponent, no zeros at the end, six places at most."""
    rounded = round(value, 6) if abs(value) >= Decimal("0.000001") else value
    text = f"{rounded:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
