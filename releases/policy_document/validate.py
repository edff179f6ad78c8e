"""Refuses a policy that nobody could satisfy, before anybody waits for it."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from releases.canonical import NotCanonical, canonical_bytes
from releases.policy_document.document import ApprovalRule, Policy
from releases.policy_document.gate_problems import gate_problems
from releases.policy_document.problems import PolicyProblem, hint
from releases.policy_document.shape import shape_problems
from releases.quorum import Rule, could_ever_be_met

#: Texts that may have several lines.
_LONG_TEXTS: Final = frozenset({"expression", "description"})
_FIRST_PRINTABLE: Final = " "


def validate(
    document: object,
    *,
    known_roles: Collection[str],
    known_evidence_kinds: Collection[str] | None = None,
) -> list[PolicyProblem]:
    """Return everything that is wrong with `document`; an empty list means it may be published.

    `known_roles` are the names a rule may ask for; `known_evidence_kinds` the kinds that can be
    uploaded (None: not checked).
    """
    if not isinstance(document, Mapping):
        return [PolicyProblem("$", "A policy is a JSON object.")]
    try:
        canonical_bytes(document)
    except NotCanonical as error:
        how = ' or write it as text, such as "0.05".' if error.sentence.endswith("integer.") else ""
        sentence = error.sentence.removesuffix(".") if how else error.sentence
        return [PolicyProblem(error.path, f"The value {sentence}{how}")]
    problems = shape_problems(document) or list(_control_characters("$", "", document))
    if problems:
        return problems
    policy = Policy.from_document(document)
    return [
        *_named_twice("gates", [gate.name for gate in policy.gates]),
        *_named_twice("approvals", [rule.name for rule in policy.approvals]),
        *gate_problems(policy.gates, known_evidence_kinds),
        *_soak(policy),
        *_rule_problems(policy.approvals, known_roles),
    ]


def _control_characters(path: str, name: str, value: Any) -> Iterator[PolicyProblem]:
    if isinstance(value, Mapping):
        for key, child in value.items():
            yield from _control_characters(f"{path}.{key}", key, child)
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _control_characters(f"{path}[{index}]", name, child)
    elif isinstance(value, str):
        allowed = "\n\t" if name in _LONG_TEXTS else ""
        if any(one < _FIRST_PRINTABLE and one not in allowed for one in value):
            yield PolicyProblem(path, "The text has a control character in it.")


def _named_twice(what: str, names: list[str]) -> Iterator[PolicyProblem]:
    seen: Counter[str] = Counter()
    for index, name in enumerate(names):
        if seen[name]:
            yield PolicyProblem(f"$.{what}[{index}].name", f"The name {name} is used twice.")
        seen[name] += 1


def _soak(policy: Policy) -> Iterator[PolicyProblem]:
    if policy.requires.soak_hours is not None and not policy.requires.verified_in:
        yield PolicyProblem(
            "$.requires.soak_hours", "Name in verified_in where the release has to have run."
        )


def _rule_problems(
    rules: tuple[ApprovalRule, ...], known_roles: Collection[str]
) -> Iterator[PolicyProblem]:
    for index, rule in enumerate(rules):
        path = f"$.approvals[{index}]"
        if not (rule.roles or rule.teams or rule.users):
            yield PolicyProblem(
                path, f"Nobody may sign for {rule.name}: name roles, teams or users."
            )
        yield from _unknown_roles(path, rule, known_roles)
    yield from _too_few_people(rules)


def _unknown_roles(
    path: str, rule: ApprovalRule, known_roles: Collection[str]
) -> Iterator[PolicyProblem]:
    for index, role in enumerate(rule.roles):
        if role not in known_roles:
            sentence = f"There is no role {role}; {hint(role, known_roles)}"
            yield PolicyProblem(f"{path}.roles[{index}]", sentence)


def _too_few_people(rules: tuple[ApprovalRule, ...]) -> Iterator[PolicyProblem]:
    """Check the rules whose people are all named; roles and teams may gain members."""
    together: list[Rule[str]] = []
    for index, rule in enumerate(rules):
        if not rule.users or rule.roles or rule.teams:
            continue
        named = Rule(rule.name, rule.required, frozenset(rule.users))
        if alone := could_ever_be_met([named]):
            together.append(named)
        else:
            yield PolicyProblem(f"$.approvals[{index}].required", alone.sentence)
    if len({rule.name for rule in together}) == len(together):
        possibility = could_ever_be_met(together)
        if not possibility:
            yield PolicyProblem("$.approvals", possibility.sentence)
