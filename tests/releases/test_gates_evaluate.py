"""What a gate answers, and the sentence it gives."""

from datetime import UTC, datetime, timedelta

import pytest

from releases.gates import Context, EvidenceSeen, Gate, GateOutcome, Item, OnFail, evaluate_gate
from releases.outcomes import EvidenceOutcome, GateVerdict

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
API = Item("payments-api", "image", "1.4.2", f"sha256:{'a' * 64}", {"team": "payments"})
STAGING = Context("payments", "2026.3.1", "staging", "staging")
COVERAGE = Gate("coverage", "evidence.coverage >= 80.0", evidence="metrics")


def report(facts, outcome=EvidenceOutcome.PASS, kind="metrics", **more):
    return EvidenceSeen(kind, outcome, facts, added_at=NOW - timedelta(hours=1), **more)


def ask(expression, facts, **more):
    gate = Gate("gate", expression, evidence="metrics", **more)
    return evaluate_gate(gate, API, report(facts), STAGING, NOW)


def test_a_rule_that_holds_passes_and_quotes_what_was_seen():
    outcome = evaluate_gate(COVERAGE, API, report({"coverage": 91.2}), STAGING, NOW)
    assert outcome == GateOutcome(
        GateVerdict.PASS,
        "payments-api 1.4.2: coverage is 91.2, the rule is evidence.coverage >= 80.0.",
    )


def test_a_rule_that_does_not_hold_fails_and_quotes_what_was_seen():
    outcome = evaluate_gate(COVERAGE, API, report({"coverage": 71.2}), STAGING, NOW)
    assert outcome.outcome is GateVerdict.FAIL
    assert outcome.sentence == (
        "payments-api 1.4.2: coverage is 71.2, the rule is evidence.coverage >= 80.0."
    )
    assert "for which evidence.coverage >= 80.0 holds" in outcome.satisfied_by


def test_the_policys_own_sentence_says_what_would_satisfy():
    outcome = ask("evidence.coverage >= 80", {"coverage": 1}, satisfied_by="Write more tests.")
    assert outcome.satisfied_by == "Write more tests."


@pytest.mark.parametrize("seen", [80, 80.0, 81, 80.5])
@pytest.mark.parametrize(
    "rule", ["evidence.coverage >= 80", "evidence.coverage >= 80.0", "evidence.coverage + 1 >= 81"]
)
def test_whole_and_fractional_numbers_compare_as_numbers(seen, rule):
    assert ask(rule, {"coverage": seen}).outcome is GateVerdict.PASS


def test_a_share_of_two_counts_is_a_fraction():
    rule = "evidence.failed / evidence.tests < 0.05"
    assert ask(rule, {"failed": 50, "tests": 100}).outcome is GateVerdict.FAIL
    assert ask(rule, {"failed": 1, "tests": 100}).outcome is GateVerdict.PASS


@pytest.mark.parametrize(
    "rule",
    [
        "evidence.failed / evidence.tests < 0.05",
        "!(evidence.failed / evidence.tests > 0.05)",
        "evidence.failed / (evidence.tests - 0) < 5",
        "1.0 / evidence.tests > 5.0",
        "evidence.failed % evidence.tests == 0",
        "evidence.failed / -evidence.tests <= 0.0",
    ],
)
def test_dividing_by_zero_is_an_error(rule):
    outcome = ask(rule, {"failed": 0, "tests": 0})
    assert outcome.outcome is GateVerdict.ERROR
    assert "divides by zero" in outcome.sentence
    assert "tests is 0" in outcome.sentence


def test_only_the_parts_that_do_not_hold_are_quoted():
    rule = "evidence.failed == 0 && evidence.tests > 100 && evidence.errors == 0"
    outcome = ask(rule, {"failed": 2, "tests": 400, "errors": 1})
    assert outcome.sentence == (
        "payments-api 1.4.2: failed is 2, the rule is evidence.failed == 0;"
        " errors is 1, the rule is evidence.errors == 0."
    )


def test_a_part_that_cannot_be_told_is_not_quoted_beside_a_definite_no():
    outcome = ask("evidence.absent > 1 && evidence.list[0] > 5", {"list": [1]})
    assert outcome.outcome is GateVerdict.FAIL
    assert outcome.sentence == (
        "payments-api 1.4.2: list[0] is 1, the rule is evidence.list[0] > 5."
    )


def test_an_alternative_is_quoted_whole():
    outcome = ask("evidence.a > 1 || evidence.b > 1 && true", {"a": 0, "b": 0})
    assert outcome.sentence == (
        "payments-api 1.4.2: a is 0 and b is 0,"
        " the rule is evidence.a > 1 || evidence.b > 1 && true."
    )


def test_missing_evidence_is_inconclusive_and_says_what_to_upload():
    gate = Gate("tests", "evidence.failed == 0", evidence="junit")
    outcome = evaluate_gate(gate, API, None, STAGING, NOW)
    assert outcome == GateOutcome(
        GateVerdict.INCONCLUSIVE,
        "No JUnit report for payments-api 1.4.2.",
        "Upload a JUnit report for payments-api 1.4.2 as evidence of kind junit.",
    )


def test_evidence_that_ran_out_is_inconclusive():
    seen = report({"coverage": 99}, valid_until=NOW)
    outcome = evaluate_gate(COVERAGE, API, seen, STAGING, NOW)
    assert outcome.outcome is GateVerdict.INCONCLUSIVE
    assert "ran out on 2026-03-01 12:00 UTC" in outcome.sentence
    still = report({"coverage": 99}, valid_until=NOW + timedelta(seconds=1))
    assert evaluate_gate(COVERAGE, API, still, STAGING, NOW).outcome is GateVerdict.PASS


def test_evidence_older_than_the_gate_accepts_is_inconclusive():
    seen = report({"coverage": 99})
    for hours, verdict in ((1, GateVerdict.INCONCLUSIVE), (2, GateVerdict.PASS)):
        gate = Gate("c", "evidence.coverage >= 80", evidence="metrics", max_age_hours=hours)
        outcome = evaluate_gate(gate, API, seen, STAGING, NOW)
        assert outcome.outcome is verdict
        assert ("older than the 1 hour this gate accepts" in outcome.sentence) is (hours == 1)


@pytest.mark.parametrize(
    ("outcome", "verdict"),
    [
        (EvidenceOutcome.INCONCLUSIVE, GateVerdict.INCONCLUSIVE),
        (EvidenceOutcome.ERROR, GateVerdict.ERROR),
        (EvidenceOutcome.PASS, GateVerdict.PASS),
        (EvidenceOutcome.FAIL, GateVerdict.PASS),
    ],
)
def test_a_report_that_says_nothing_never_passes_whatever_the_rule(outcome, verdict):
    gate = Gate("there", "true", evidence="metrics")
    seen = report({}, outcome, summary="The metrics hold no value.")
    answer = evaluate_gate(gate, API, seen, STAGING, NOW)
    assert answer.outcome is verdict
    if verdict is not GateVerdict.PASS:
        assert answer.sentence.endswith("The metrics hold no value.")


def test_evidence_of_another_kind_is_the_callers_mistake():
    with pytest.raises(ValueError, match="reads metrics, not junit"):
        evaluate_gate(COVERAGE, API, report({}, kind="junit"), STAGING, NOW)


@pytest.mark.parametrize(
    ("rule", "facts", "words"),
    [
        ("evidence.coverage >= 80", {}, "The report has no value named coverage."),
        ("evidence.a.b > 1", {"a": {}}, "The report has no value named a.b."),
        ('item.labels["pci"] == "yes"', {}, "The item has no value named labels.pci."),
        ("evidence.x > 3", {"x": "ok"}, 'does not fit what it reads: x is "ok".'),
        ("evidence.x", {"x": 81}, "X is 81, the rule is evidence.x, which gives neither true nor"),
        ("evidence.x", {"x": "NOT_FOUND: true"}, "gives neither true nor false"),
        ("evidence.x == 1", {"x": float("nan")}, "not finite"),
        ("!(evidence.x > 1)", {"x": float("nan")}, "not finite"),
        ('evidence.x == "y"', {"x": "\ud800"}, "could not be evaluated"),
        ("evidence.x == 1", {"x": object()}, "cannot be a fact"),
        ("evidence.x == 1", {"x": 10**400}, "could not be evaluated"),
        (
            "evidence.l.all(a, evidence.l.all(b, evidence.l.all(c, a + b + c >= 0)))",
            {"l": list(range(300))},
            "too many steps",
        ),
        ("timestamp(evidence.x) == timestamp(evidence.x)", {"x": "?"}, "could not be evaluated"),
        ("evidence.l.all(x, x.y > 0)", {"l": [{}]}, "There is no value named y."),
    ],
)
def test_an_engine_error_is_an_error_and_a_sentence(rule, facts, words):
    outcome = ask(rule, facts)
    assert outcome.outcome is GateVerdict.ERROR
    assert words in outcome.sentence


def test_facts_nested_without_end_are_an_error():
    facts = {}
    inner = facts
    for _ in range(5000):
        inner["a"] = {}
        inner = inner["a"]
    assert ask("evidence.a == 1", facts).outcome is GateVerdict.ERROR


def test_a_rule_that_is_no_rule_is_an_error():
    outcome = ask("evidence.coverage >=", {"coverage": 99})
    assert outcome.outcome is GateVerdict.ERROR
    assert "line 1, column 21" in outcome.sentence


def test_warn_softens_a_definite_no_and_nothing_else():
    gate = Gate("c", "evidence.coverage >= 80", evidence="metrics", on_fail=OnFail.WARN)
    no = evaluate_gate(gate, API, report({"coverage": 1}), STAGING, NOW)
    assert no.outcome is GateVerdict.WARN
    missing = evaluate_gate(gate, API, None, STAGING, NOW)
    broken = evaluate_gate(gate, API, report({}), STAGING, NOW)
    assert missing.outcome is GateVerdict.INCONCLUSIVE
    assert broken.outcome is GateVerdict.ERROR


def test_rules_read_the_item_the_release_and_the_environment():
    gate = Gate(
        "where",
        'item.artifact == "payments-api" && item.kind == "image" && item.version == "1.4.2"'
        ' && item.digest.startsWith("sha256:") && item.labels.team == "payments"'
        ' && release.project == "payments" && release.version == "2026.3.1"'
        ' && environment.name == "staging" && environment.tier == "staging"',
    )
    assert evaluate_gate(gate, API, None, STAGING, NOW).outcome is GateVerdict.PASS


def test_a_gate_without_evidence_reads_no_report():
    gate = Gate("sneaky", "evidence.coverage >= 80")
    outcome = evaluate_gate(gate, API, report({"coverage": 99}), STAGING, NOW)
    assert outcome.outcome is GateVerdict.ERROR


def test_a_gate_about_the_item_says_which_item_would_do():
    gate = Gate("image", 'item.version != "1.4.2"')
    outcome = evaluate_gate(gate, API, None, STAGING, NOW)
    assert outcome.sentence == (
        'payments-api 1.4.2: item.version is "1.4.2", the rule is item.version != "1.4.2".'
    )
    assert outcome.satisfied_by.startswith("Only an item for which")


def test_values_are_quoted_short():
    outcome = ask(
        'evidence.text == "x" && evidence.list == [] && evidence.group == {} && evidence.on',
        {"text": "é" * 500, "list": [1, 2], "group": {"a": 1}, "on": False},
    )
    assert "a list of 2" in outcome.sentence
    assert "a group of 1" in outcome.sentence
    assert "on is false" in outcome.sentence
    assert f'"{"é" * 78}…' in outcome.sentence


def test_a_value_that_is_not_there_is_said_to_be_missing():
    outcome = ask("has(evidence.coverage)", {})
    assert outcome.outcome is GateVerdict.FAIL
    assert "coverage is missing" in outcome.sentence
