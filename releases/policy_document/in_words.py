"""A policy as people read it: one sentence per thing it asks for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from releases.gates.asks import (
    Compare,
    Fairness,
    MetricThreshold,
    NoChampion,
    SmallSlices,
    Strength,
)
from releases.gates.change import plain
from releases.gates.fair import rule_in_words
from releases.gates.gate import AppliesTo, Gate, OnFail, OnInconclusive
from releases.gates.references import reads
from releases.gates.reproducible import TITLES
from releases.gates.sentences import report_name
from releases.policy_document.document import ApprovalRule, Policy, UnknownAuthors

_KINDS: Final = {
    "image": "container image",
    "model": "model",
    "dataset": "data set",
    "package": "package",
    "chart": "chart",
    "file": "file",
}
_HOURS_OF_A_DAY: Final = 24
_NEVER_ONES_OWN: Final = (
    "Nobody approves their own change: not the requester, not the sealer, not an author. "
    "No policy can change that."
)
#: The order in which people write a document; the database keeps none.
_ORDER: Final = (
    "schema", "description", "gates", "requires", "approvals", "separation_of_duties",
    "approval_ttl_hours", "request_ttl_hours",
    "name", "title", "applies_to", "kinds", "artifacts", "evidence", "expression", "compare",
    "reproducibility", "fairness", "metrics", "no_champion", "metric", "slice", "greater_is_better",
    "threshold", "min_absolute_change", "min_relative_change", "checks", "dataset_strength", "preset",
    "min_ratio", "max_difference", "min_n", "attributes", "small_slices", "on_fail", "on_inconclusive",
    "satisfied_by", "max_age_hours", "required", "roles", "teams", "users",
    "verified_in", "soak_hours", "unknown_authors",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Section:
    """One thing that a policy says: a gate, an approval rule, or a setting."""

    kind: str
    key: str
    name: str
    sentences: tuple[str, ...]
    expression: str = ""
    remedy: str = ""


def laid_out(document: Any) -> Any:
    """Return the document with its members in the order in which people write them."""
    if isinstance(document, Mapping):
        known = [name for name in _ORDER if name in document]
        rest = [name for name in document if name not in _ORDER]
        return {name: laid_out(document[name]) for name in [*known, *rest]}
    if isinstance(document, list):
        return [laid_out(one) for one in document]
    return document


def gates_in_words(policy: Policy) -> list[Section]:
    """Return what must hold before people are asked."""
    return [_gate(gate) for gate in policy.gates]


def rules_in_words(policy: Policy) -> list[Section]:
    """Return who signs."""
    return [
        Section("Approval rule", rule.name, rule.title or rule.name, (_rule(rule),))
        for rule in policy.approvals
    ]


def duties_in_words(policy: Policy) -> list[str]:
    """Return who may not sign, and how long signatures and requests last."""
    sentences = [
        _NEVER_ONES_OWN,
        "As long as nobody knows who wrote an item, nobody may sign."
        if policy.unknown_authors == UnknownAuthors.BLOCK
        else "If nobody knows who wrote an item, whoever holds the role may sign nevertheless.",
    ]
    if policy.approval_ttl_hours:
        sentences.append(f"An approval runs out after {_hours(policy.approval_ttl_hours)}.")
    if policy.request_ttl_hours:
        sentences.append(
            f"A change request that is not approved expires after {_hours(policy.request_ttl_hours)}."
        )
    return sentences


def requires_in_words(policy: Policy) -> list[str]:
    """Return where the release must have been before."""
    places = policy.requires.verified_in
    if not places:
        return []
    sentences = [f"The same release was deployed to {_listed(places, 'and')} and verified there."]
    if policy.requires.soak_hours:
        sentences.append(f"It has run there for {_hours(policy.requires.soak_hours)}.")
    return sentences


def sections_of(policy: Policy) -> list[Section]:
    """Return everything that the policy says, for comparing two."""
    sections = [*gates_in_words(policy), *rules_in_words(policy)]
    if required := requires_in_words(policy):
        sections.append(
            Section("Requirement", "requires", "Before this environment", tuple(required))
        )
    sections.append(
        Section(
            "Rules about people", "duties", "Separation of duties", tuple(duties_in_words(policy))
        )
    )
    if policy.description:
        sections.append(Section("Text", "description", "Description", (policy.description,)))
    return sections


def _gate(gate: Gate) -> Section:
    about = _about(gate.applies_to)
    sentences = [f"For {about} of the release.", *_reads(gate), *_asks(gate)]
    if gate.on_fail == OnFail.WARN:
        sentences.append("A definite no only warns.")
    remedy = gate.satisfied_by or _remedy(gate)
    return Section(
        "Gate", gate.name, gate.title or gate.name, tuple(sentences), gate.expression, remedy
    )


def _reads(gate: Gate) -> list[str]:
    if gate.compare or gate.reproducibility:
        return []
    if not gate.evidence:
        has_card = reads(gate.expression, "card")
        return ["Reads its model card; without one it blocks." if has_card else "Reads no report."]
    age = f", at most {_hours(gate.max_age_hours)} old" if gate.max_age_hours else ""
    said = [f"Reads its newest {report_name(gate.evidence)}{age}; without one it blocks."]
    if gate.on_inconclusive == OnInconclusive.READ:
        said.append("A report that says nothing by itself is read all the same, value by value.")
    return said


def _asks(gate: Gate) -> list[str]:
    if gate.compare:
        return _compares(gate.compare)
    if gate.reproducibility:
        points = _listed((TITLES[name].lower() for name in gate.reproducibility.checks), "and")
        weak = gate.reproducibility.dataset_strength == Strength.WEAK
        digests = " MLflow's own digest of the data is enough." if weak else ""
        return [f"Asks whether somebody could train it again: {points}.{digests}"]
    return _is_fair(gate.fairness) if gate.fairness else []


def _compares(compare: Compare) -> list[str]:
    sentences = ["Compares it with the version that serves in the environment now."]
    sentences += [_threshold(each) for each in compare.metrics]
    if any(each.needs_champion for each in compare.metrics):
        sentences.append(
            "Where nothing serves yet, there is nothing to compare with, and it passes."
            if compare.no_champion == NoChampion.PASS
            else "Where nothing serves yet, it blocks."
        )
    return sentences


def _threshold(each: MetricThreshold) -> str:
    parts = []
    if each.threshold is not None:
        parts.append(
            f"{'at least' if each.greater_is_better else 'at most'} {plain(each.threshold)}"
        )
    if each.min_absolute_change is not None:
        parts.append(_better(each.min_absolute_change, plain(abs(each.min_absolute_change))))
    if each.min_relative_change is not None:
        share = f"{plain(abs(each.min_relative_change) * 100)} %"
        parts.append(_better(each.min_relative_change, share))
    of_slice = f" for {each.slice}" if each.slice else ""
    direction = "greater" if each.greater_is_better else "smaller"
    return f"{each.metric}{of_slice} ({direction} is better): {_listed(parts, 'and')}."


def _better(change: Decimal, amount: str) -> str:
    if change > 0:
        return f"better than there by {amount}"
    return f"worse than there by at most {amount}" if change else "not worse than there"


def _is_fair(rule: Fairness) -> list[str]:
    groups = f"the groups of {_listed(rule.attributes, 'and')}" if rule.attributes else "all groups"
    small = "are left out" if rule.small_slices == SmallSlices.LEAVE_OUT else "block"
    return [
        f"Compares {rule.metric} between {groups}: {rule_in_words(rule)}.",
        f"Groups with fewer than {rule.min_n} cases {small}.",
    ]


def _remedy(gate: Gate) -> str:
    if gate.compare:
        return "A version that is as good as the rule wants satisfies this gate."
    if gate.reproducibility:
        return "Train again so that every point holds."
    if gate.evidence:
        return f"Upload a {report_name(gate.evidence)} for which the rule holds."
    return "Only an item for which the rule holds satisfies this gate."


def _about(applies_to: AppliesTo) -> str:
    kinds = [_KINDS.get(kind, kind) for kind in applies_to.kinds] or ["item"]
    named = f" named {_listed(applies_to.artifacts, 'or')}" if applies_to.artifacts else ""
    return f"every {_listed(kinds, 'and')}{named}"


def _rule(rule: ApprovalRule) -> str:
    who = []
    if rule.roles:
        who.append(f"with the role {_listed(rule.roles, 'or')}")
    if rule.teams:
        who.append(f"in the team {_listed(rule.teams, 'or')}")
    if rule.users:
        who.append(f"called {_listed(rule.users, 'or')}")
    people = "1 person" if rule.required == 1 else f"{rule.required} different people, each"
    return f"{people} {', or '.join(who)}."


def _hours(number: int) -> str:
    if number % _HOURS_OF_A_DAY == 0:
        days = number // _HOURS_OF_A_DAY
        return "1 day" if days == 1 else f"{days} days"
    return "1 hour" if number == 1 else f"{number} hours"


def _listed(parts: Iterable[str], word: str) -> str:
    names: Sequence[str] = list(parts)
    return f" {word} ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
