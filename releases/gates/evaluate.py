"""One gate, one item, one answer. Whatever is not a yes is said, and none of it is a pass."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from releases.canonical import Json
from releases.gates import sentences
from releases.gates.engine import CouldNotAnswer, DoesNotCompile, Rule, compile_rule
from releases.gates.fair import judge_fairness
from releases.gates.gate import (
    CardSeen,
    Context,
    EvidenceSeen,
    Gate,
    GateOutcome,
    Item,
    OnInconclusive,
)
from releases.gates.references import reads
from releases.gates.tokens import conjuncts_of
from releases.outcomes import EvidenceOutcome, GateVerdict

#: A definite no says most; then what could not be told; a warning does not block.
_WORST_FIRST: Final = (
    GateVerdict.FAIL,
    GateVerdict.ERROR,
    GateVerdict.INCONCLUSIVE,
    GateVerdict.WARN,
    GateVerdict.PASS,
)


def evaluate_gate(
    gate: Gate,
    item: Item,
    evidence: EvidenceSeen | None,
    context: Context,
    now: datetime,
    card: CardSeen | None = None,
) -> GateOutcome:
    """Ask `gate` about `item`. `evidence` is the newest of the gate's kind, `card` its model card, or None.

    Raises ValueError when the evidence is of another kind: that would be a lie in the record.
    """
    if gate.evidence is not None:
        unfit = _unfit(gate, gate.evidence, item, evidence, now)
        if unfit is not None:
            verdict, sentence = unfit
            return GateOutcome(verdict, sentence, sentences.upload(gate.evidence, item))
    if gate.fairness is not None:
        return judge_fairness(gate, gate.fairness, item, {} if evidence is None else evidence.facts)
    if not reads(gate.expression, "card"):
        return _ask(gate, item, _variables(item, evidence if gate.evidence else None, context))
    if card is None:
        # Before anything is asked: `card.risk_tier != "high"` must not hold for a card that is not there.
        return GateOutcome(GateVerdict.INCONCLUSIVE, *sentences.no_card(gate, item))
    variables = _variables(item, evidence if gate.evidence else None, context)
    return _with_card(gate, card, _ask(gate, item, {**variables, "card": card.facts}))


def evaluate_for_items(
    gate: Gate,
    items: Sequence[tuple[Item, EvidenceSeen | None]],
    context: Context,
    now: datetime,
) -> GateOutcome:
    """Ask `gate` about every item of a release it applies to; the worst answer is the answer.

    A gate that applies to none of them passes and says so. Raises ValueError without any item.
    """
    if not items:
        raise ValueError("A release without items cannot be judged.")
    concerned = [(item, seen) for item, seen in items if gate.applies_to.includes(item)]
    if not concerned:
        return GateOutcome(GateVerdict.PASS, "This gate applies to no item of the release.")
    return combine(evaluate_gate(gate, item, seen, context, now) for item, seen in concerned)


def combine(outcomes: Iterable[GateOutcome]) -> GateOutcome:
    """Return the worst of at least one outcome, with the sentences of all that are no pass."""
    ordered = sorted(outcomes, key=lambda one: _WORST_FIRST.index(one.outcome))
    told = [one for one in ordered if one.outcome != GateVerdict.PASS] or ordered
    return GateOutcome(
        ordered[0].outcome,
        " ".join(dict.fromkeys(one.sentence for one in told)),
        " ".join(dict.fromkeys(one.satisfied_by for one in told if one.satisfied_by)),
    )


def _with_card(gate: Gate, card: CardSeen, answer: GateOutcome) -> GateOutcome:
    """Say what is wrong with the card in words, where the rule does not hold."""
    if answer.outcome == GateVerdict.PASS or not card.sentence:
        return answer
    wanted = gate.satisfied_by or card.remedy or answer.satisfied_by
    return GateOutcome(answer.outcome, f"{answer.sentence} {card.sentence}", wanted)


def _unfit(
    gate: Gate, kind: str, item: Item, evidence: EvidenceSeen | None, now: datetime
) -> tuple[GateVerdict, str] | None:
    """Say why there is no evidence that the rule could read, if so."""
    if evidence is None:
        return GateVerdict.INCONCLUSIVE, sentences.missing(kind, item)
    if evidence.kind != kind:
        raise ValueError(f"Gate {gate.name} reads {kind}, not {evidence.kind}.")
    if evidence.valid_until is not None and evidence.valid_until <= now:
        return GateVerdict.INCONCLUSIVE, sentences.ran_out(kind, item, evidence.valid_until)
    hours = gate.max_age_hours
    if hours is not None and evidence.added_at + timedelta(hours=hours) <= now:
        sentence = sentences.too_old(kind, item, evidence.added_at, hours)
        return GateVerdict.INCONCLUSIVE, sentence
    return _says_nothing(gate, kind, item, evidence)


def _says_nothing(
    gate: Gate, kind: str, item: Item, evidence: EvidenceSeen
) -> tuple[GateVerdict, str] | None:
    about = f"The {sentences.report_name(kind)} for {item}"
    summary = f" {evidence.summary}" if evidence.summary else ""
    if evidence.outcome == EvidenceOutcome.ERROR:
        return GateVerdict.ERROR, f"{about} reports an error.{summary}"
    is_read = gate.on_inconclusive is OnInconclusive.READ
    if evidence.outcome == EvidenceOutcome.INCONCLUSIVE and not is_read:
        return GateVerdict.INCONCLUSIVE, f"{about} is inconclusive.{summary}"
    return None


def _variables(item: Item, evidence: EvidenceSeen | None, context: Context) -> dict[str, Json]:
    return {
        "evidence": {} if evidence is None else evidence.facts,
        "item": {
            "artifact": item.artifact,
            "kind": item.kind,
            "version": item.version,
            "digest": item.digest,
            "labels": item.labels,
        },
        "release": {"project": context.project, "version": context.release_version},
        "environment": {"name": context.environment, "tier": context.tier},
    }


def _ask(gate: Gate, item: Item, variables: Mapping[str, Json]) -> GateOutcome:
    wanted = sentences.what_would_satisfy(gate, item)
    try:
        rule = compile_rule(gate.expression)
        if rule.holds(variables):
            sentence = f"{item}: {sentences.seen(gate.expression, variables)}."
            return GateOutcome(GateVerdict.PASS, sentence)
    except DoesNotCompile as error:
        sentence = f"The rule of gate {gate.name} is no rule. {error.sentence}"
        return GateOutcome(GateVerdict.ERROR, sentence, wanted)
    except CouldNotAnswer as error:
        said = sentences.could_not_answer(error, gate.expression, variables)
        return GateOutcome(GateVerdict.ERROR, f"{item}: {said}", wanted)
    return GateOutcome(gate.refusal, f"{item}: {_broken(rule, variables)}.", wanted)


def _broken(rule: Rule, variables: Mapping[str, Json]) -> str:
    """Name the parts of the rule that do not hold, with what they saw."""
    parts = conjuncts_of(rule.expression)
    broken = [part for part in parts if _does_not_hold(part, variables)]
    return "; ".join(sentences.seen(part, variables) for part in broken or [rule.expression])


def _does_not_hold(part: str, variables: Mapping[str, Json]) -> bool:
    try:
        return not compile_rule(part).holds(variables)
    except (DoesNotCompile, CouldNotAnswer):
        return False
