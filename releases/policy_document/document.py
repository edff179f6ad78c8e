"""A policy as the rest of the code reads it: immutable and typed."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, Self

from releases.gates.asks import (
    EVERY_CHECK,
    FOUR_FIFTHS,
    CheckName,
    Compare,
    Fairness,
    MetricThreshold,
    NoChampion,
    Reproducibility,
    SmallSlices,
    Strength,
)
from releases.gates.gate import AppliesTo, Gate, OnFail, OnInconclusive

SCHEMA: Final = "gatehouse.policy/v1"
SMALLEST_GROUP: Final = 30
"""Cases a group must have where a fairness gate does not say otherwise."""


class UnknownAuthors(StrEnum):
    """What to do when the portal cannot tell who wrote an item of the release."""

    BLOCK = "block"
    ALLOW = "allow"


@dataclass(frozen=True, slots=True)
class ApprovalRule:
    """`required` different people who hold a role, belong to a team or are named."""

    name: str
    required: int
    title: str = ""
    roles: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    users: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Requires:
    """The release was verified in these environments, and ran there for `soak_hours`."""

    verified_in: tuple[str, ...] = ()
    soak_hours: int | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of a policy. That nobody approves their own change, no policy can change."""

    gates: tuple[Gate, ...]
    approvals: tuple[ApprovalRule, ...]
    requires: Requires = Requires()
    unknown_authors: UnknownAuthors = UnknownAuthors.BLOCK
    approval_ttl_hours: int | None = None
    request_ttl_hours: int | None = None
    description: str = ""

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Return the policy of a document that `validate` found nothing wrong with.

        Raises ValueError for another schema, so that a later format is never half understood.
        """
        if document.get("schema") != SCHEMA:
            raise ValueError(f"This is no {SCHEMA} document.")
        separation = document.get("separation_of_duties", {})
        return cls(
            gates=tuple(_gate(gate) for gate in document["gates"]),
            approvals=tuple(_approval(rule) for rule in document["approvals"]),
            requires=_requires(document.get("requires", {})),
            unknown_authors=UnknownAuthors(separation.get("unknown_authors", "block")),
            approval_ttl_hours=document.get("approval_ttl_hours"),
            request_ttl_hours=document.get("request_ttl_hours"),
            description=document.get("description", ""),
        )


def _gate(gate: Mapping[str, Any]) -> Gate:
    applies_to = gate.get("applies_to", {})
    fairness = _fairness(gate["fairness"]) if "fairness" in gate else None
    return Gate(
        name=gate["name"],
        expression=gate.get("expression", ""),
        title=gate.get("title", ""),
        applies_to=AppliesTo(
            kinds=tuple(applies_to.get("kinds", ())),
            artifacts=tuple(applies_to.get("artifacts", ())),
        ),
        evidence=gate.get("evidence") or ("fairness" if fairness else None),
        on_fail=OnFail(gate.get("on_fail", "block")),
        satisfied_by=gate.get("satisfied_by"),
        max_age_hours=gate.get("max_age_hours"),
        on_inconclusive=OnInconclusive(gate.get("on_inconclusive", "block")),
        compare=_compare(gate["compare"]) if "compare" in gate else None,
        reproducibility=(
            _reproducibility(gate["reproducibility"]) if "reproducibility" in gate else None
        ),
        fairness=fairness,
    )


def _compare(compare: Mapping[str, Any]) -> Compare:
    return Compare(
        metrics=tuple(_threshold(each) for each in compare["metrics"]),
        no_champion=NoChampion(compare.get("no_champion", "block")),
    )


def _threshold(each: Mapping[str, Any]) -> MetricThreshold:
    return MetricThreshold(
        metric=each["metric"],
        greater_is_better=each["greater_is_better"],
        slice=each.get("slice", ""),
        threshold=_decimal(each.get("threshold")),
        min_absolute_change=_decimal(each.get("min_absolute_change")),
        min_relative_change=_decimal(each.get("min_relative_change")),
    )


def _reproducibility(asked: Mapping[str, Any]) -> Reproducibility:
    return Reproducibility(
        checks=tuple(CheckName(name) for name in asked.get("checks", EVERY_CHECK)),
        dataset_strength=Strength(asked.get("dataset_strength", "strong")),
    )


def _fairness(asked: Mapping[str, Any]) -> Fairness:
    ratio, difference = _decimal(asked.get("min_ratio")), _decimal(asked.get("max_difference"))
    if ratio is None and difference is None:
        ratio = FOUR_FIFTHS
    return Fairness(
        metric=asked.get("metric", "selection_rate"),
        min_ratio=ratio,
        max_difference=difference,
        min_n=asked.get("min_n", SMALLEST_GROUP),
        attributes=tuple(asked.get("attributes", ())),
        small_slices=SmallSlices(asked.get("small_slices", "block")),
    )


def _decimal(written: str | int | None) -> Decimal | None:
    return None if written is None else Decimal(written)


def _approval(rule: Mapping[str, Any]) -> ApprovalRule:
    return ApprovalRule(
        name=rule["name"],
        required=rule["required"],
        title=rule.get("title", ""),
        roles=tuple(rule.get("roles", ())),
        teams=tuple(rule.get("teams", ())),
        users=tuple(rule.get("users", ())),
    )


def _requires(requires: Mapping[str, Any]) -> Requires:
    return Requires(
        verified_in=tuple(requires.get("verified_in", ())),
        soak_hours=requires.get("soak_hours"),
    )
