"""Results of Great Expectations; the files in ``reports`` were written by 1.24.1."""

import io
import json
from pathlib import Path

import pytest

from releases.outcomes import EvidenceOutcome
from releases.parsers import EvidenceRejected
from releases.parsers.great_expectations import GreatExpectationsParser

REPORTS = Path(__file__).parent / "reports"


def parse(report, limit=10**8):
    if isinstance(report, Path):
        raw = report.read_bytes()
    else:
        raw = report if isinstance(report, bytes) else json.dumps(report).encode()
    return GreatExpectationsParser().parse(io.BytesIO(raw), limit=limit)


def expectation(*, held=True, **more):
    return {
        "success": held,
        "expectation_config": {"type": "expect_x", "kwargs": {"column": "age"}},
        "result": {"unexpected_percent": 0.0 if held else 12.5},
        **more,
    }


def suite(*expectations, success=None, declared=None):
    held = all(each["success"] for each in expectations)
    return {
        "success": held if success is None else success,
        "statistics": {
            "evaluated_expectations": len(expectations) if declared is None else declared,
            "success_percent": None,
        },
        "results": list(expectations),
    }


def test_a_suite_that_could_not_compute_something_is_an_error():
    parsed = parse(REPORTS / "gx_suite.json")
    assert parsed.outcome is EvidenceOutcome.ERROR
    facts = parsed.facts
    assert [facts[name] for name in ("expectations", "successful", "failed", "errors")] == [
        4, 1, 2, 1,
    ]  # fmt: skip
    assert facts["columns"]["age"] == {"held": 0, "failed": 2}
    assert parsed.summary == ("4 expectations: 1 held, 2 did not hold, 1 could not be computed.")


def test_the_description_of_a_checkpoint_is_read_as_well():
    parsed = parse(REPORTS / "gx_checkpoint.json")
    assert parsed.outcome is EvidenceOutcome.FAIL
    assert parsed.facts["form"] == "checkpoint"
    assert parsed.facts["failed"] == 3
    assert "33.33 % of the values" in parsed.facts["failures"][2]["message"]


def test_values_of_the_data_stay_out_of_the_facts():
    assert "150" not in json.dumps(dict(parse(REPORTS / "gx_suite.json").facts))


def test_the_form_of_0_18_is_read_as_well():
    old = expectation(expectation_config={"expectation_type": "expect_y", "kwargs": {}})
    assert parse(suite(old)).outcome is EvidenceOutcome.PASS


@pytest.mark.parametrize(
    ("report", "outcome"),
    [
        (suite(expectation()), EvidenceOutcome.PASS),
        (suite(expectation(), expectation(held=False)), EvidenceOutcome.FAIL),
        (suite(expectation(held=False), success=True), EvidenceOutcome.FAIL),
        (suite(expectation(), success=False), EvidenceOutcome.FAIL),
        (suite(), EvidenceOutcome.INCONCLUSIVE),
        (suite(declared=12), EvidenceOutcome.INCONCLUSIVE),
        (suite(expectation(), declared=12), EvidenceOutcome.INCONCLUSIVE),
        (
            suite(expectation(exception_info={"raised_exception": True})),
            EvidenceOutcome.ERROR,
        ),
        (
            {"success": True, "statistics": {}, "validation_results": []},
            EvidenceOutcome.INCONCLUSIVE,
        ),
    ],
)
def test_the_expectations_are_counted_and_the_totals_are_not_believed(report, outcome):
    assert parse(report).outcome is outcome


def test_not_a_number_is_left_out():
    raw = json.dumps(suite(expectation(held=False))).encode().replace(b"12.5", b"NaN")
    parsed = parse(raw)
    assert "unexpected_percent" not in parsed.facts["failures"][0]
    json.dumps(dict(parsed.facts), allow_nan=False)


@pytest.mark.parametrize(
    ("report", "words"),
    [
        ([], "no result of Great Expectations"),
        ({"success": True}, "no result of Great Expectations"),
        ({"success": "yes", "statistics": {}, "results": []}, "no result of Great Expectations"),
        ({"success": True, "statistics": {}, "results": [7]}, "whether it held"),
        ({"success": True, "statistics": {}, "results": [{"success": 1}]}, "whether it held"),
        ({"success": True, "statistics": {}, "results": [{"success": True}]}, "no type"),
        ({"success": True, "validation_results": [{"success": True}]}, "no result of"),
        (b"", "empty file"),
        (b"{", "not JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_anything_else_is_refused_with_the_reason(report, words):
    with pytest.raises(EvidenceRejected) as refusal:
        parse(report)
    assert words in str(refusal.value)
