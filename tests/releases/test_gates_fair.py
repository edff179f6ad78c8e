"""Fairness between groups: four fifths, a smallest group, and what cannot be told."""

from decimal import Decimal

import pytest

from releases.gates.asks import Fairness, SmallSlices
from releases.gates.fair import judge_fairness
from releases.gates.gate import Gate, Item, OnFail
from releases.outcomes import GateVerdict

MODEL = Item("credit", "model", "8", f"sha256:{'a' * 64}")


def facts(*groups, attribute="sex", metric="selection_rate"):
    return {
        "slices": [
            {
                "attribute": attribute,
                "value": value,
                "n": n,
                "metrics": {} if rate is None else {metric: rate},
            }
            for value, n, rate in groups
        ]
    }


def judge(seen, on_fail=OnFail.BLOCK, **rule):
    fairness = Fairness(**rule)
    return judge_fairness(Gate("fair", fairness=fairness, on_fail=on_fail), fairness, MODEL, seen)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.4, 0.5, "pass"),
        (0.56, 0.7, "pass"),  # as binary fractions slightly less than four fifths
        (0.3999, 0.5, "fail"),
        (0.79999, 1.0, "fail"),
        (0.0, 0.5, "fail"),
        (0.0, 0.0, "inconclusive"),
    ],
)
def test_the_lowest_rate_is_four_fifths_of_the_highest(low, high, verdict):
    assert judge(facts(("f", 500, low), ("m", 500, high))).outcome == verdict


def test_a_group_of_exactly_the_smallest_number_counts():
    seen = facts(("f", 30, 0.4), ("m", 30, 0.5))
    assert judge(seen, min_n=30).outcome is GateVerdict.PASS
    assert judge(seen, min_n=31).outcome is GateVerdict.INCONCLUSIVE


def test_a_refusal_names_the_groups_and_what_would_satisfy_it():
    said = judge(facts(("f", 500, 0.3), ("m", 500, 0.5)), min_n=100)
    assert said.outcome is GateVerdict.FAIL
    assert said.sentence == (
        "credit 8: sex: selection_rate is 0.3 for f and 0.5 for m, 60 %; the rule: the lowest is at least "
        "80 % of the highest."
    )
    assert "every group has at least 100 cases" in said.satisfied_by


def test_a_ratio_is_never_rounded_up_in_a_sentence():
    said = judge(facts(("f", 500, 0.79999), ("m", 500, 1.0)))
    assert "79.9 %" in said.sentence


@pytest.mark.parametrize(
    ("choice", "verdict"),
    [(SmallSlices.BLOCK, GateVerdict.INCONCLUSIVE), (SmallSlices.LEAVE_OUT, GateVerdict.PASS)],
)
def test_groups_that_are_too_small_are_a_choice_of_the_policy(choice, verdict):
    seen = facts(("f", 500, 0.45), ("m", 500, 0.5), ("x", 4, 0.0))
    said = judge(seen, min_n=30, small_slices=choice)
    assert said.outcome is verdict
    assert "x (n = 4)" in said.sentence


def test_leaving_groups_out_never_leaves_nothing_to_compare():
    seen = facts(("f", 4, 0.1), ("m", 500, 0.5))
    said = judge(seen, min_n=30, small_slices=SmallSlices.LEAVE_OUT)
    assert said.outcome is GateVerdict.INCONCLUSIVE


def test_an_attribute_that_is_not_in_the_report_is_inconclusive():
    said = judge(facts(("f", 500, 0.5), ("m", 500, 0.5)), attributes=("age",))
    assert said.outcome is GateVerdict.INCONCLUSIVE
    assert "age" in said.sentence


def test_a_group_without_the_metric_is_inconclusive():
    said = judge(facts(("f", 500, None), ("m", 500, 0.5), ("d", 500, 0.5)))
    assert said.outcome is GateVerdict.INCONCLUSIVE
    assert "nobody measured selection_rate for f" in said.sentence


def test_a_difference_may_be_limited_instead_of_a_ratio():
    seen = facts(("f", 500, 0.70), ("m", 500, 0.78), metric="tpr")
    rule = {"metric": "tpr", "min_ratio": None}
    assert judge(seen, max_difference=Decimal("0.1"), **rule).outcome is GateVerdict.PASS
    assert judge(seen, max_difference=Decimal("0.05"), **rule).outcome is GateVerdict.FAIL


def test_a_warning_about_one_attribute_does_not_let_another_through():
    seen = facts(("f", 500, 0.1), ("m", 500, 0.5))
    seen["slices"] += facts(("old", 3, 0.5), ("young", 500, 0.5), attribute="age")["slices"]
    assert judge(seen, on_fail=OnFail.WARN, min_n=30).outcome is GateVerdict.INCONCLUSIVE
