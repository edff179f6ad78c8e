"""Fairness between groups: the four-fifths rule and its relatives, over the facts of a fairness report."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from releases.canonical import Json
from releases.gates.asks import Fairness, SmallSlices
from releases.gates.change import plain
from releases.gates.gate import Gate, GateOutcome, Item
from releases.gates.measures import number_of
from releases.outcomes import GateVerdict


@dataclass(frozen=True, slots=True)
class GroupRate:
    """One group of an attribute; ``value`` is None where the metric is not defined for it."""

    group: str
    n: int
    value: Decimal | None


@dataclass(frozen=True, slots=True)
class Spread:
    """How far the groups of one attribute are apart, of those that are large enough."""

    attribute: str
    groups: tuple[GroupRate, ...]
    small: tuple[GroupRate, ...]
    undefined: tuple[GroupRate, ...]

    @property
    def lowest(self) -> GroupRate:
        return min(self.groups, key=_value)

    @property
    def highest(self) -> GroupRate:
        return max(self.groups, key=_value)

    @property
    def difference(self) -> Decimal:
        return _value(self.highest) - _value(self.lowest)

    @property
    def ratio(self) -> Decimal | None:
        """Lowest over highest; None where the highest is zero."""
        top = _value(self.highest)
        return _value(self.lowest) / top if top > 0 else None


def spreads_of(facts: Mapping[str, Json], rule: Fairness) -> list[Spread]:
    """Return the spread of the rule's metric per attribute, in the order of the report."""
    slices: Any = facts.get("slices", [])
    names = rule.attributes or tuple(dict.fromkeys(each["attribute"] for each in slices))
    return [_spread(name, slices, rule) for name in names]


def judge_fairness(
    gate: Gate, rule: Fairness, item: Item, facts: Mapping[str, Json]
) -> GateOutcome:
    """Ask the rule about every attribute; the worst answer is the answer."""
    said = [one for spread in spreads_of(facts, rule) for one in _judge(spread, rule)]
    if not said:
        said = [(GateVerdict.INCONCLUSIVE, "The fairness report has no slices.")]
    refused = [sentence for verdict, sentence in said if verdict == GateVerdict.FAIL]
    unclear = [sentence for verdict, sentence in said if verdict == GateVerdict.INCONCLUSIVE]
    if not refused and not unclear:
        told = " ".join(sentence for _, sentence in said)
        return GateOutcome(GateVerdict.PASS, f"{item}: {told}")
    verdict = gate.refusal if refused else GateVerdict.INCONCLUSIVE
    if refused and unclear and verdict == GateVerdict.WARN:
        # A warning about one group does not let another through that nobody could judge.
        verdict = GateVerdict.INCONCLUSIVE
    return GateOutcome(
        verdict,
        f"{item}: {' '.join([*refused, *unclear])}",
        gate.satisfied_by or _remedy(rule, item),
    )


def rule_in_words(rule: Fairness) -> str:
    """Return what the rule asks, as a clause."""
    parts = []
    if rule.min_ratio is not None:
        parts.append(f"the lowest is at least {plain(rule.min_ratio * 100)} % of the highest")
    if rule.max_difference is not None:
        parts.append(f"they are at most {plain(rule.max_difference)} apart")
    return " and ".join(parts)


def _spread(attribute: str, slices: Sequence[Mapping[str, Any]], rule: Fairness) -> Spread:
    groups: list[GroupRate] = []
    small: list[GroupRate] = []
    undefined: list[GroupRate] = []
    for each in slices:
        if each["attribute"] != attribute:
            continue
        number = each["metrics"].get(rule.metric)
        rate = GroupRate(each["value"], each["n"], None if number is None else number_of(number))
        if rate.n < rule.min_n:
            small.append(rate)
        else:
            (undefined if rate.value is None else groups).append(rate)
    return Spread(attribute, tuple(groups), tuple(small), tuple(undefined))


def _judge(spread: Spread, rule: Fairness) -> Iterator[tuple[GateVerdict, str]]:
    name = spread.attribute
    if spread.small and rule.small_slices is SmallSlices.BLOCK:
        listed = _groups(spread.small)
        yield (
            GateVerdict.INCONCLUSIVE,
            f"{name}: too few cases for {listed}; the rule wants {rule.min_n} in every group.",
        )
    if spread.undefined:
        groups = ", ".join(each.group for each in spread.undefined)
        yield GateVerdict.INCONCLUSIVE, f"{name}: nobody measured {rule.metric} for {groups}."
    if len(spread.groups) < 2:  # noqa: PLR2004 -- one group has nothing to be compared with
        yield (
            GateVerdict.INCONCLUSIVE,
            f"{name}: there are not two groups of at least {rule.min_n} cases with {rule.metric}.",
        )
        return
    yield _compare(spread, rule)


def _compare(spread: Spread, rule: Fairness) -> tuple[GateVerdict, str]:
    low, high, ratio = spread.lowest, spread.highest, spread.ratio
    seen = (
        f"{spread.attribute}: {rule.metric} is {plain(_value(low))} for {low.group} and "
        f"{plain(_value(high))} for {high.group}"
    )
    if ratio is None and rule.min_ratio is not None:
        return GateVerdict.INCONCLUSIVE, f"{seen}; a share of zero says nothing."
    too_low = rule.min_ratio is not None and ratio is not None and ratio < rule.min_ratio
    too_far = rule.max_difference is not None and spread.difference > rule.max_difference
    share = "" if ratio is None else f", {plain(_floor(ratio * 100))} %"
    left_out = f" Left out as too small: {_groups(spread.small)}." if spread.small else ""
    sentence = f"{seen}{share}; the rule: {rule_in_words(rule)}.{left_out}"
    return (GateVerdict.FAIL if too_low or too_far else GateVerdict.PASS), sentence


def _groups(groups: Sequence[GroupRate]) -> str:
    return ", ".join(f"{each.group} (n = {each.n})" for each in groups)


def _remedy(rule: Fairness, item: Item) -> str:
    about = f" for {', '.join(rule.attributes)}" if rule.attributes else ""
    return (
        f"Upload a fairness report for {item} in which every group{about} has at least {rule.min_n} "
        f"cases and, of {rule.metric}, {rule_in_words(rule)}."
    )


def _value(rate: GroupRate) -> Decimal:
    if rate.value is None:
        raise ValueError("Only measured groups are compared.")
    return rate.value


def _floor(percent: Decimal) -> Decimal:
    """Cut after one place: 79.96 % is not 80 %."""
    return (percent * 10).to_integral_value(rounding="ROUND_FLOOR") / 10
