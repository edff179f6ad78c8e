"""What can be said about a gate before there is a release: does it compile, can it ever pass."""

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from releases.gates.engine import CouldNotAnswer, DoesNotCompile, compile_rule
from releases.gates.gate import Gate, OnInconclusive
from releases.gates.references import Reference, references_of
from releases.policy_document.problems import PolicyProblem, hint

#: What expressions may read besides the evidence's facts.
FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "item": ("artifact", "digest", "kind", "labels", "version"),
    "release": ("project", "version"),
    "environment": ("name", "tier"),
    "card": (
        "complete",
        "days_to_review",
        "missing",
        "next_review_at",
        "overdue",
        "reviewed",
        "revision",
        "risk_tier",
    ),
}


def gate_problems(
    gates: Collection[Gate], known_evidence_kinds: Collection[str] | None
) -> Iterator[PolicyProblem]:
    """Yield what is wrong with the gates, each by itself."""
    for index, gate in enumerate(gates):
        path = f"$.gates[{index}]"
        yield from _evidence(path, gate, known_evidence_kinds)
        if gate.expression:
            yield from _expression(f"{path}.expression", gate)
        else:
            yield from _other_questions(path, gate)


def _evidence(path: str, gate: Gate, known: Collection[str] | None) -> Iterator[PolicyProblem]:
    if gate.evidence is None:
        if gate.max_age_hours is not None:
            yield PolicyProblem(
                f"{path}.max_age_hours", "A gate that reads no evidence has no age to check."
            )
    elif known is not None and gate.evidence not in known:
        sentence = f"There is no evidence of kind {gate.evidence}; {hint(gate.evidence, known)}"
        yield PolicyProblem(f"{path}.evidence", sentence)


def _other_questions(path: str, gate: Gate) -> Iterator[PolicyProblem]:
    if gate.on_inconclusive is not OnInconclusive.BLOCK:
        sentence = "Only an expression can read a report that says nothing by itself."
        yield PolicyProblem(f"{path}.on_inconclusive", sentence)
    if gate.evidence is not None and (gate.fairness is None or gate.evidence != "fairness"):
        sentence = "Leave it out: this gate knows by itself what it reads."
        yield PolicyProblem(f"{path}.evidence", sentence)
    for index, each in enumerate(gate.compare.metrics if gate.compare else ()):
        where = f"{path}.compare.metrics[{index}]"
        if each.threshold is None and not each.needs_champion:
            yield PolicyProblem(
                where,
                "Say threshold, min_absolute_change or min_relative_change, or several of them.",
            )
        if each.slice and "=" not in each.slice:
            yield PolicyProblem(f"{where}.slice", f"{each.slice} is no slice: attribute=value.")


def _expression(path: str, gate: Gate) -> Iterator[PolicyProblem]:
    try:
        rule = compile_rule(gate.expression)
    except DoesNotCompile as error:
        yield PolicyProblem(path, error.sentence)
        return
    references = references_of(gate.expression)
    problems = (_reference(gate, reference) for reference in references)
    for sentence in dict.fromkeys(filter(None, problems)):
        yield PolicyProblem(path, sentence)
    if not references:
        try:
            always = rule.holds({})
        except CouldNotAnswer:
            always = False
        if not always:
            yield PolicyProblem(path, "The expression reads nothing and is never true.")


def _reference(gate: Gate, reference: Reference) -> str | None:
    """Return what is wrong with reading that value in that gate, if anything."""
    if reference.root == "evidence":
        if gate.evidence is None:
            return "The expression reads evidence, but the gate names no kind of evidence."
        return None
    fields = FIELDS[reference.root]
    if reference.steps and reference.steps[0] not in fields:
        return f"{reference.root} has no {reference.steps[0]}; it has {', '.join(fields)}."
    return None
