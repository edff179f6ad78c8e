"""Evidently's reports in the forms in which it writes them; the files in ``reports`` are its own."""

import io
import json
from pathlib import Path

import pytest

from releases.outcomes import EvidenceOutcome
from releases.parsers import EvidenceRejected
from releases.parsers.evidently import MOST_TESTS, EvidentlyParser
from releases.parsers.evidently_drift import has_drifted

REPORTS = Path(__file__).parent / "reports"


def parse(report, limit=10**8):
    if isinstance(report, Path):
        raw = report.read_bytes()
    else:
        raw = report if isinstance(report, bytes) else json.dumps(report).encode()
    return EvidentlyParser().parse(io.BytesIO(raw), limit=limit)


def metric(method="psi", value=0.2, threshold=0.1, column="age", **more):
    return {
        "id": "m1",
        "metric_name": f"ValueDrift(column={column})",
        "config": {
            "type": "evidently:metric_v2:ValueDrift",
            "column": column,
            "method": method,
            "threshold": threshold,
        },
        "value": value,
        **more,
    }


def told(status, *, about="m1", name="drift"):
    return {
        "id": name,
        "name": "Value Drift for column age",
        "description": "Drift score is 0.2.",
        "metric_config": {"metric_id": about, "params": {}},
        "test_config": {},
        "status": status,
    }


@pytest.mark.parametrize("name", ["evidently_report_with_tests", "evidently_snapshot"])
def test_both_current_forms_say_the_same(name):
    parsed = parse(REPORTS / f"{name}.json")
    assert parsed.outcome is EvidenceOutcome.FAIL
    assert parsed.facts["tests"] == {
        "total": 8, "success": 6, "warning": 0, "fail": 2, "error": 0, "skipped": 0,
    }  # fmt: skip
    drift = parsed.facts["drift"]
    assert drift["drifted"] == ["age"]
    assert drift["undecided"] == []
    assert [drift["count"], drift["drift_share"], drift["dataset_drift"]] == [1.0, 0.5, False]
    assert drift["columns"]["region"]["drifted"] is False
    values = parsed.facts["values"]
    assert values["MissingValueCount(column=age)"] == {"count": 0.0, "share": 0.0}
    assert values["UniqueValueCount(column=region)"]["counts"] == {"n": 136.0, "s": 164.0}
    assert parsed.facts["not_numbers"] == ["MeanValue(column=empty)"]
    assert parsed.summary == ("8 tests: 6 passed, 2 failed. 1 of 3 columns drifted: age.")


def test_a_report_without_tests_is_inconclusive_whatever_it_measured():
    parsed = parse(REPORTS / "evidently_report_without_tests.json")
    assert parsed.outcome is EvidenceOutcome.INCONCLUSIVE
    assert parsed.summary == "The report has no tests. 1 of 3 columns drifted: age."
    assert parsed.facts["drift"]["share"] == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("evidently_legacy_report", EvidenceOutcome.INCONCLUSIVE),
        ("evidently_legacy_tests", EvidenceOutcome.FAIL),
    ],
)
def test_the_forms_up_to_0_6_are_read_as_well(name, outcome):
    parsed = parse(REPORTS / f"{name}.json")
    assert parsed.outcome is outcome
    assert parsed.facts["drift"]["drifted"] == ["age"]
    assert parsed.facts["drift"]["columns"]["region"]["drifted"] is False


def test_facts_are_json_even_where_the_report_is_not():
    raw = json.dumps({"metrics": [metric(value=7.5)], "tests": []}).encode()
    for word in (b"NaN", b"Infinity", b"-Infinity", b"1e999"):
        parsed = parse(raw.replace(b"7.5", word))
        json.dumps(dict(parsed.facts), allow_nan=False)
        assert parsed.facts["drift"]["undecided"] == ["age"]
        assert parsed.facts["not_numbers"] == ["ValueDrift(column=age)"]


@pytest.mark.parametrize(
    ("methods", "below", "at", "above"),
    [
        (("K-S p_value", "ks", "Cramer-von Mises"), True, True, False),
        (("chi-square p_value", "Z-test p_value", "t_test", "g_test", "TVD"), True, False, False),
        (("PSI", "Wasserstein distance (normed)", "Jensen-Shannon distance"), False, True, True),
        (("Kullback-Leibler divergence", "Hellinger distance"), False, True, True),
        (("Energy-distance", "Absolute text content drift"), False, False, True),
        (("Percentile text content drift", "my own method", ""), None, None, None),
    ],
)
def test_the_direction_of_drift_depends_on_the_method(methods, below, at, above):
    for method in methods:
        seen = [has_drifted(method, value, 0.1) for value in (0.05, 0.1, 0.2)]
        assert seen == [below, at, above], method
        assert has_drifted(method, None, 0.1) is None
        assert has_drifted(method, 0.05, None) is None


def test_the_test_of_a_column_decides_where_the_method_cannot():
    undecidable = metric(method="Percentile text content drift")
    for status, drifted in (("FAIL", True), ("WARNING", True), ("SUCCESS", False)):
        report = {"metrics": [undecidable], "tests": [told(status)]}
        assert parse(report).facts["drift"]["columns"]["age"]["drifted"] is drifted
    for tests in ([], [told("FAIL", about="another")], [told("FAIL", name="lt")]):
        facts = parse({"metrics": [undecidable], "tests": tests}).facts
        assert facts["drift"]["undecided"] == ["age"]
        assert "drifted" not in facts["drift"]["columns"]["age"]


@pytest.mark.parametrize(
    ("statuses", "outcome"),
    [
        (["SUCCESS", "WARNING"], EvidenceOutcome.PASS),
        (["SUCCESS", "FAIL"], EvidenceOutcome.FAIL),
        (["FAIL", "ERROR"], EvidenceOutcome.ERROR),
        (["SKIPPED", "SKIPPED"], EvidenceOutcome.INCONCLUSIVE),
        ([], EvidenceOutcome.INCONCLUSIVE),
    ],
)
def test_the_outcome_is_that_of_the_tests_that_ran(statuses, outcome):
    report = {"metrics": [metric()], "tests": [told(status) for status in statuses]}
    assert parse(report).outcome is outcome


@pytest.mark.parametrize(
    ("report", "words"),
    [
        ([], "no Evidently report"),
        ({}, "no Evidently report"),
        ({"metrics": []}, "no Evidently report"),
        ({"auc": 0.8}, "no Evidently report"),
        ({"metrics": [{"name": "auc", "value": 1}], "tests": []}, "no Evidently report"),
        ({"metrics": [7], "tests": []}, "no object"),
        ({"metrics": [], "tests": [{"status": "OK"}]}, "has the status ok"),
        ({"metrics": [], "tests": [{"name": "x"}]}, "has the status nothing"),
        ({"metrics": [], "tests": "none"}, "no Evidently report"),
        ({"metric_results": {"m": 7}}, "no object"),
        ({"version": "0.6", "tests": []}, "no Evidently report"),
        ({"version": "0.6", "metrics": [{"metric": "X"}]}, "no Evidently report"),
        ({"metrics": [], "tests": [told("SUCCESS")] * (MOST_TESTS + 1)}, "more than"),
        (b"", "empty file"),
        (b"<testsuite/>", "not JSON"),
        (b'{"metrics": [], "metrics": []}', "twice"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_anything_else_is_refused_with_the_reason(report, words):
    with pytest.raises(EvidenceRejected) as refusal:
        parse(report)
    assert words in str(refusal.value)


def test_a_report_beyond_the_limit_is_refused():
    with pytest.raises(EvidenceRejected, match="larger than"):
        parse({"metrics": [metric()], "tests": []}, limit=100)


@pytest.mark.parametrize(("share", "answer"), [(0.49, False), (0.5, True), (0.51, True)])
def test_the_data_set_drifts_from_its_share_on(share, answer):
    settings = {"type": "evidently:metric_v2:DriftedColumnsCount", "drift_share": 0.5}
    counted = {"count": 1.0, "share": share}
    metric = {"id": "m", "metric_name": "D", "config": settings, "value": counted}
    raw = json.dumps({"metrics": [metric], "tests": []}).encode()
    drift = EvidentlyParser().parse(io.BytesIO(raw), limit=10_000).facts["drift"]
    assert drift["dataset_drift"] is answer
