"""Champion against challenger: MLflow's thresholds, with sentences that say what would satisfy them."""

from decimal import Decimal

import pytest

from releases.gates.asks import Compare, MetricThreshold, NoChampion
from releases.gates.change import Sides, judge_change
from releases.gates.gate import Gate, Item, OnFail
from releases.gates.measures import Measure, Measures
from releases.outcomes import GateVerdict

NEW = Item("credit", "model", "8", f"sha256:{'a' * 64}")
OLD = Item("credit", "model", "7", f"sha256:{'b' * 64}")


def measure(metric, value, slice="", source="metrics report", said=""):  # noqa: A002 -- the domain's word
    number = None if value is None else Decimal(value)
    return Measure(metric, slice, number, source, said=said)


def sides(ours, theirs=None, **more):
    return Sides(
        challenger=Measures.of(ours),
        environment="production",
        champion=None if theirs is None else OLD,
        champion_measures=Measures.of(theirs or []),
        **more,
    )


def judge(threshold, seen, **options):
    compare = Compare((threshold,), **options)
    return judge_change(Gate("champion", compare=compare), compare, NEW, seen)


def threshold(*, greater=True, **limits):
    numbers = {name: Decimal(value) if name != "slice" else value for name, value in limits.items()}
    return MetricThreshold("auc", greater, **numbers)


@pytest.mark.parametrize(
    ("greater", "limits", "ours", "theirs", "verdict"),
    [
        (True, {"threshold": "0.8"}, "0.8", "0.9", "pass"),
        (True, {"threshold": "0.8"}, "0.7999", "0.1", "fail"),
        (False, {"threshold": "0.2"}, "0.2", "0.1", "pass"),
        (False, {"threshold": "0.2"}, "0.2001", "0.9", "fail"),
        (True, {"min_absolute_change": "0.01"}, "0.81", "0.8", "pass"),
        (True, {"min_absolute_change": "0.01"}, "0.809", "0.8", "fail"),
        (False, {"min_absolute_change": "0.01"}, "0.19", "0.2", "pass"),
        (False, {"min_absolute_change": "0.01"}, "0.191", "0.2", "fail"),
        (True, {"min_relative_change": "0.1"}, "0.88", "0.8", "pass"),
        (True, {"min_relative_change": "0.1"}, "0.879", "0.8", "fail"),
        (False, {"min_relative_change": "0.1"}, "0.18", "0.2", "pass"),
        (False, {"min_relative_change": "0.1"}, "0.181", "0.2", "fail"),
        # The champion's magnitude counts, so that below zero better is still better.
        (True, {"min_relative_change": "0.1"}, "-0.36", "-0.4", "pass"),
        (True, {"min_relative_change": "0.1"}, "-0.44", "-0.4", "fail"),
        # Against zero there is no share: better at all.
        (True, {"min_relative_change": "0.1"}, "0.0001", "0", "pass"),
        (True, {"min_relative_change": "0.1"}, "0", "0", "fail"),
        # Worse by at most so much.
        (True, {"min_absolute_change": "-0.01"}, "0.79", "0.8", "pass"),
        (True, {"min_absolute_change": "-0.01"}, "0.789", "0.8", "fail"),
        (True, {"min_absolute_change": "0"}, "0.8", "0.8", "pass"),
        (
            True,
            {"min_absolute_change": "0.01", "min_relative_change": "0.1"},
            "0.85",
            "0.8",
            "fail",
        ),
    ],
)
def test_thresholds_mean_what_they_mean_in_mlflow(greater, limits, ours, theirs, verdict):
    seen = sides([measure("auc", ours)], [measure("auc", theirs)])
    assert judge(threshold(greater=greater, **limits), seen).outcome == verdict


def test_decimals_are_compared_as_people_write_them():
    # As binary fractions, 0.8 - 0.79 is more than 0.01.
    seen = sides([measure("auc", "0.8")], [measure("auc", "0.79")])
    assert judge(threshold(min_absolute_change="0.01"), seen).outcome is GateVerdict.PASS


def test_a_refusal_says_what_was_seen_and_what_would_satisfy_it():
    said = judge(
        threshold(min_absolute_change="0.01"),
        sides([measure("auc", "0.802")], [measure("auc", "0.8")]),
    )
    assert said.outcome is GateVerdict.FAIL
    assert said.sentence == (
        "credit 8: auc is 0.802, credit 7 has 0.8; wanted: better by at least 0.01."
    )
    assert said.satisfied_by == "A version whose auc is at least 0.81 satisfies this."


def test_a_warning_gate_warns_where_it_would_refuse():
    compare = Compare((threshold(threshold="0.9"),))
    gate = Gate("champion", compare=compare, on_fail=OnFail.WARN)
    said = judge_change(gate, compare, NEW, sides([measure("auc", "0.8")], []))
    assert said.outcome is GateVerdict.WARN


@pytest.mark.parametrize("on_fail", list(OnFail))
def test_a_warning_does_not_let_through_what_nobody_measured(on_fail):
    brier = MetricThreshold("brier", greater_is_better=False, threshold=Decimal(1))
    compare = Compare((threshold(threshold="0.9"), brier))
    gate = Gate("champion", compare=compare, on_fail=on_fail)
    said = judge_change(gate, compare, NEW, sides([measure("auc", "0.8")], []))
    assert not said.outcome.lets_through


def test_a_metric_that_nobody_measured_is_inconclusive():
    said = judge(threshold(threshold="0.8"), sides([]))
    assert said.outcome is GateVerdict.INCONCLUSIVE
    assert said.sentence == "credit 8: Nobody measured auc."
    assert "Upload it as evidence of kind metrics for credit 8" in said.satisfied_by


@pytest.mark.parametrize("side", ["challenger", "champion"])
def test_not_a_number_is_inconclusive_on_either_side(side):
    nan, fine = measure("auc", None, said="NaN", source="MLflow run"), measure("auc", "0.9")
    same = measure("auc", "0.9", source="MLflow run")
    ours, theirs = ([nan], [same]) if side == "challenger" else ([same], [nan])
    said = judge(threshold(min_absolute_change="0"), sides(ours, theirs))
    assert said.outcome is GateVerdict.INCONCLUSIVE
    assert "is NaN in the MLflow run" in said.sentence
    assert "finite number" in said.satisfied_by
    assert fine.value  # a report beside it would be believed first


def test_a_champion_without_the_metric_is_inconclusive():
    said = judge(threshold(min_absolute_change="0"), sides([measure("auc", "0.9")], []))
    assert said.outcome is GateVerdict.INCONCLUSIVE
    assert (
        said.sentence == "credit 8: The champion credit 7 has no auc, so nothing can be compared."
    )
    assert said.satisfied_by.startswith("Measure credit 7 on the same data")


@pytest.mark.parametrize(
    ("choice", "verdict"),
    [(NoChampion.BLOCK, GateVerdict.INCONCLUSIVE), (NoChampion.PASS, GateVerdict.PASS)],
)
def test_a_first_deployment_is_a_choice_of_the_policy(choice, verdict):
    said = judge(
        threshold(min_absolute_change="0.1"), sides([measure("auc", "0.9")]), no_champion=choice
    )
    assert said.outcome is verdict
    assert "No version of credit serves in production yet" in said.sentence


def test_a_first_deployment_must_reach_the_thresholds_all_the_same():
    limits = threshold(threshold="0.95", min_absolute_change="0.1")
    said = judge(limits, sides([measure("auc", "0.9")]), no_champion=NoChampion.PASS)
    assert said.outcome is GateVerdict.FAIL


def test_the_version_that_serves_is_neither_better_nor_worse():
    seen = sides(
        [measure("auc", "0.8")], [measure("auc", "0.8")], why_not_compared="It serves already."
    )
    said = judge(threshold(min_absolute_change="0.1"), seen)
    assert said.outcome is GateVerdict.PASS
    assert "It serves already." in said.sentence


def test_a_pattern_means_every_slice_of_either_side():
    ours = [measure("auc", "0.8", "age=old"), measure("auc", "0.7", "age=young")]
    theirs = [measure("auc", "0.8", "age=old"), measure("auc", "0.75", "age=young")]
    rule = threshold(slice="age=*", min_absolute_change="0")
    said = judge(rule, sides(ours, theirs))
    assert said.outcome is GateVerdict.FAIL
    assert "auc for age=young is 0.7, credit 7 has 0.75; wanted: not worse." in said.sentence
    assert "old" not in said.sentence

    gone = judge(rule, sides(ours[:1], theirs))
    assert gone.outcome is GateVerdict.INCONCLUSIVE
    assert "Nobody measured auc for age=young." in gone.sentence

    both = judge(rule, sides([measure("auc", "0.9")], theirs))
    assert both.sentence == "credit 8: Nobody measured auc for age=old, age=young."
    assert both.satisfied_by == (
        "Upload a fairness report with those slices for credit 8, or log the metrics auc__age=old,"
        " auc__age=young in its MLflow run before it is registered."
    )

    none = judge(rule, sides([measure("auc", "0.9")], [measure("auc", "0.8")]))
    assert none.outcome is GateVerdict.INCONCLUSIVE


def test_both_sides_are_read_from_the_same_source():
    ours = [measure("auc", "0.9"), measure("auc", "0.8", source="MLflow run")]
    theirs = [measure("auc", "0.85", source="MLflow run")]
    said = judge(threshold(min_absolute_change="0"), sides(ours, theirs))
    assert said.outcome is GateVerdict.FAIL
    assert "auc is 0.8, credit 7 has 0.85" in said.sentence
