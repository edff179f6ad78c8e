"""One gate, all items of a release: the worst answer is the answer."""

from datetime import UTC, datetime

import pytest

from releases.gates import (
    AppliesTo,
    Context,
    EvidenceSeen,
    Gate,
    GateOutcome,
    Item,
    combine,
    evaluate_for_items,
)
from releases.outcomes import EvidenceOutcome, GateVerdict

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
API = Item("payments-api", "image", "1.4.2", f"sha256:{'a' * 64}")
MODEL = Item("credit-score", "model", "7", f"sha256:{'b' * 64}")
STAGING = Context("payments", "2026.3.1", "staging", "staging")
COVERAGE = Gate("coverage", "evidence.coverage >= 80.0", evidence="metrics")


def report(facts):
    return EvidenceSeen("metrics", EvidenceOutcome.PASS, facts, added_at=NOW)


@pytest.mark.parametrize(
    ("applies_to", "included"),
    [
        (AppliesTo(), [API, MODEL]),
        (AppliesTo(kinds=("model",)), [MODEL]),
        (AppliesTo(artifacts=("payments-*",)), [API]),
        (AppliesTo(artifacts=("x", "credit-*")), [MODEL]),
        (AppliesTo(kinds=("model",), artifacts=("payments-*",)), []),
        (AppliesTo(artifacts=("PAYMENTS-*",)), []),
    ],
)
def test_a_gate_applies_to_kinds_and_globs(applies_to, included):
    assert [item for item in (API, MODEL) if applies_to.includes(item)] == included


def test_the_worst_answer_of_all_items_is_the_answer():
    items = [(API, report({"coverage": 91})), (MODEL, report({"coverage": 71}))]
    outcome = evaluate_for_items(COVERAGE, items, STAGING, NOW)
    assert outcome.outcome is GateVerdict.FAIL
    assert outcome.sentence.startswith("credit-score 7:")
    assert "payments-api" not in outcome.sentence


def test_every_item_that_does_not_pass_is_named():
    outcome = evaluate_for_items(COVERAGE, [(API, None), (MODEL, None)], STAGING, NOW)
    assert outcome.outcome is GateVerdict.INCONCLUSIVE
    assert "payments-api 1.4.2" in outcome.sentence
    assert "credit-score 7" in outcome.satisfied_by


def test_a_gate_that_applies_to_nothing_passes_and_says_so():
    gate = Gate("m", "true", applies_to=AppliesTo(kinds=("dataset",)))
    outcome = evaluate_for_items(gate, [(API, None)], STAGING, NOW)
    assert outcome == GateOutcome(GateVerdict.PASS, "This gate applies to no item of the release.")


def test_a_release_without_items_cannot_be_judged():
    with pytest.raises(ValueError, match="without items"):
        evaluate_for_items(COVERAGE, [], STAGING, NOW)


def test_what_is_worst_is_one_order():
    order = [
        GateVerdict.FAIL,
        GateVerdict.ERROR,
        GateVerdict.INCONCLUSIVE,
        GateVerdict.WARN,
        GateVerdict.PASS,
    ]
    outcomes = [GateOutcome(verdict, f"{verdict}.") for verdict in reversed(order)]
    for index, verdict in enumerate(order):
        assert combine(outcomes[: len(order) - index]).outcome is verdict


def test_only_pass_warn_and_waived_let_through():
    assert {verdict for verdict in GateVerdict if verdict.lets_through} == {
        GateVerdict.PASS,
        GateVerdict.WARN,
        GateVerdict.WAIVED,
    }
