"""Fairness by slices: the portal computes what differs, and refuses everything it does not know."""

import io
import json

import pytest

from releases.gates.engine import compile_rule
from releases.outcomes import EvidenceOutcome
from releases.parsers import EvidenceRejected
from releases.parsers.fairness import LARGEST, MOST_SLICES, FairnessParser


def slice_of(value="f", n=500, attribute="sex", **metrics):
    return {"attribute": attribute, "value": value, "n": n, "metrics": metrics}


def document(*slices, **more):
    return {"schema": "gatehouse.fairness/v1", "slices": list(slices), **more}


def parse(report, limit=10**7):
    raw = report if isinstance(report, bytes) else json.dumps(report).encode()
    return FairnessParser().parse(io.BytesIO(raw), limit=limit)


TWO = document(
    slice_of("f", 412, selection_rate=0.4, tpr=0.7),
    slice_of("m", 500, selection_rate=0.5, tpr=0.7),
    model="credit 8",
    dataset={"name": "validation", "digest": "sha256:00"},
    reference={"attribute": "sex", "value": "m"},
)


def test_ratio_and_difference_are_computed_here():
    parsed = parse(TWO)
    assert parsed.outcome is EvidenceOutcome.PASS
    assert parsed.facts["attributes"] == {
        "sex": {
            "slices": 2,
            "lowest_n": 412,
            "metrics": {
                "selection_rate": {
                    "lowest": 0.4, "highest": 0.5, "difference": 0.1, "ratio": 0.8,
                    "lowest_slice": "f", "highest_slice": "m",
                },
                "tpr": {
                    "lowest": 0.7, "highest": 0.7, "difference": 0.0, "ratio": 1.0,
                    "lowest_slice": "f", "highest_slice": "m",
                },
            },
        }
    }  # fmt: skip
    assert parsed.facts["lowest_n"] == 412
    assert parsed.summary == "2 slices by sex; the smallest has 412 cases."


def test_a_rule_can_read_the_facts():
    facts = parse(TWO).facts
    rule = compile_rule(
        "evidence.attributes.sex.metrics.selection_rate.ratio >= 0.8 && evidence.lowest_n >= 100"
    )
    assert rule.holds({"evidence": facts, "item": {}, "release": {}, "environment": {}})


@pytest.mark.parametrize(
    ("low", "high", "ratio"), [(0.56, 0.7, 0.8), (0.24, 0.3, 0.8), (0.7999999, 1.0, 0.799999)]
)
def test_a_ratio_is_exact_and_never_rounded_up(low, high, ratio):
    parsed = parse(document(slice_of("f", selection_rate=low), slice_of("m", selection_rate=high)))
    assert parsed.facts["attributes"]["sex"]["metrics"]["selection_rate"]["ratio"] == ratio


def test_nobody_selected_has_no_ratio():
    parsed = parse(document(slice_of("f", selection_rate=0), slice_of("m", selection_rate=0)))
    assert "ratio" not in parsed.facts["attributes"]["sex"]["metrics"]["selection_rate"]


@pytest.mark.parametrize("nothing", [b"NaN", b"null"])
def test_what_a_tool_could_not_compute_is_left_out_and_named(nothing):
    raw = json.dumps(document(slice_of("f", tpr=0.5), slice_of("m", tpr=0.25))).encode()
    parsed = parse(raw.replace(b"0.25", nothing))
    assert parsed.facts["undefined"] == ["tpr of sex=m"]
    assert "tpr" not in parsed.facts["attributes"]["sex"]["metrics"]
    json.dumps(dict(parsed.facts), allow_nan=False)


@pytest.mark.parametrize(
    "report",
    [document(), document(slice_of(selection_rate=0.5)), document(slice_of("f"), slice_of("m"))],
    ids=["no slice", "one slice", "no number"],
)
def test_a_report_with_nothing_to_compare_is_inconclusive(report):
    assert parse(report).outcome is EvidenceOutcome.INCONCLUSIVE


@pytest.mark.parametrize(
    ("report", "words"),
    [
        ([], "JSON object with"),
        ({"slices": []}, "JSON object with"),
        ({"schema": "gatehouse.fairness/v2", "slices": []}, "gatehouse.fairness/v1"),
        ({"schema": "gatehouse.fairness/v1"}, "list named slices"),
        (document(rows=[{"name": "Ada"}]), "no member 'rows'"),
        (document("f"), "slices[0] is no object"),
        (document(slice_of(selection_rate=0.5) | {"people": []}), "no member 'people'"),
        (document(slice_of("", selection_rate=0.5)), "slices[0].value"),
        (document(slice_of("x" * 101, selection_rate=0.5)), "at most 100 characters"),
        (document(slice_of(n=-1, selection_rate=0.5)), "whole number, 0 or more"),
        (document(slice_of(n=True, selection_rate=0.5)), "whole number, 0 or more"),
        (document(slice_of(n=1.5, selection_rate=0.5)), "whole number, 0 or more"),
        (document(slice_of(selection_rate=1.2)), "between 0 and 1"),
        (document(slice_of(selection_rate=-0.1)), "between 0 and 1"),
        (document(slice_of(selection_rate="0.5")), "no number"),
        (document(slice_of(selection_rate=True)), "no number"),
        (document(slice_of(tpr=0.5), slice_of(tpr=0.6)), "twice"),
        (document(slice_of(**{"f1-score": 0.5})), "letters, digits and underscores"),
        (document(dataset="d"), "dataset is no object"),
        (document(*(slice_of(str(n)) for n in range(MOST_SLICES + 1))), "more than 500"),
        (b"", "empty file"),
        (b"{", "not JSON"),
        (b"\xff", "not UTF-8"),
        (b'{"schema": "gatehouse.fairness/v1", "slices": [], "slices": []}', "twice"),
        (b'{"schema": "gatehouse.fairness/v1", "model": "\\u0000", "slices": []}', "NUL"),
        (b" " * (LARGEST + 1), "larger than 1 MiB"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_anything_else_is_refused_with_the_reason(report, words):
    with pytest.raises(EvidenceRejected) as refusal:
        parse(report)
    assert words in str(refusal.value)


def test_infinity_is_refused():
    raw = json.dumps(document(slice_of(cost=7.25))).encode().replace(b"7.25", b"Infinity")
    with pytest.raises(EvidenceRejected, match="inf"):
        parse(raw)
