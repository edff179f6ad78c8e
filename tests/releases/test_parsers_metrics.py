"""Metrics: a plain JSON object whose names a rule can say."""

import io
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releases.gates.engine import compile_rule
from releases.gates.references import references_of
from releases.outcomes import EvidenceOutcome
from releases.parsers import EvidenceRejected
from releases.parsers.metrics import LARGEST, MetricsParser

LIMIT = 10 * 1024 * 1024


def parse(document, limit=LIMIT):
    raw = document if isinstance(document, bytes) else json.dumps(document).encode()
    return MetricsParser().parse(io.BytesIO(raw), limit=limit)


def test_the_facts_are_the_object():
    document = {
        "schema": "gatehouse.metrics/v1",
        "coverage": 91.5,
        "tests": 412,
        "calibrated": True,
        "dataset": "2026-01",
        "latency": {"p95_ms": 180, "p99_ms": 240.5},
    }
    parsed = parse(document)
    assert parsed.facts == document
    assert parsed.outcome is EvidenceOutcome.PASS
    assert parsed.summary == (
        "6 values: coverage, tests, calibrated, dataset, latency.p95_ms and 1 more."
    )


@pytest.mark.parametrize("document", [{}, {"schema": "gatehouse.metrics/v1"}, {"a": {}}])
def test_metrics_without_a_value_are_inconclusive(document):
    parsed = parse(document)
    assert parsed.outcome is EvidenceOutcome.INCONCLUSIVE
    assert parsed.summary == "The metrics hold no value."


def test_one_value_is_one_value():
    assert parse({"coverage": 1}).summary == "1 value: coverage."


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "is an empty file"),
        (b"[]", "one JSON object"),
        (b'"text"', "one JSON object"),
        (b"17", "one JSON object"),
        (b"null", "one JSON object"),
        (b"{", "not JSON"),
        (b'{"a": 1,}', "not JSON"),
        (b'{"a": 1} {"b": 2}', "Extra data (line 1, column 10)"),
        (b'{"a": NaN}', "the value NaN"),
        (b'{"a": Infinity}', "the value Infinity"),
        (b'{"a": -Infinity}', "the value -Infinity"),
        (b'{"a": 1e999}', "which is too large"),
        (b'{"a": 9007199254740992}', "beyond"),
        (b'{"a": ' + b"9" * 5000 + b"}", "beyond"),
        (b'{"a": 1, "a": 2}', 'the name "a" twice'),
        (b'{"x": {"a": 1, "a": 1}}', 'the name "a" twice'),
        (b'{"a": "\\u0000"}', "a NUL character"),
        (b'{"a": "\\ud800"}', "half a character"),
        (b'{"a": "\x00"}', "not JSON"),
        (b'{"a": "\xff"}', "not UTF-8 text (byte 7)"),
        ('{"a": 1}'.encode("utf-16"), "not UTF-8"),
        (b'{"a": null}', "a is null"),
        (b'{"a": {"b": null}}', "a.b is null"),
        (b'{"a": [1]}', "a is a list"),
        (b'{"f1-score": 1}', "f1_score would do"),
        (b'{"val.loss": 1}', "val_loss would do"),
        (b'{"": 1}', "cannot be used in a rule"),
        (b'{"1st": 1}', "cannot be used in a rule"),
        ('{"größe": 1}'.encode(), "gr_e would do"),
        (b'{"in": 1}', "may not be named in"),
        (b'{"a": {"true": 1}}', "may not be named true"),
        (b'{"' + b"a" * 65 + b'": 1}', "at most 64"),
        (b'{"a": "' + b"x" * 1001 + b'"}', "longer than 1000"),
        (b'{"schema": "gatehouse.metrics/v2"}', "not gatehouse.metrics/v1"),
        (b'{"schema": 1}', "not gatehouse.metrics/v1"),
        (b'{"a":' * 6 + b"1" + b"}" * 6, "a.a.a.a.a is nested deeper than the 5 levels"),
        (b"[" * 200000, "nested too deeply"),
        (b'{"a":' * 200000, "nested too deeply"),
    ],
)
def test_what_is_no_metrics_is_refused_with_a_sentence(raw, words):
    with pytest.raises(EvidenceRejected) as refused:
        parse(raw, limit=10**7)
    assert words in refused.value.sentence
    assert refused.value.sentence.endswith(".")
    assert len(refused.value.sentence) < 400


def test_a_byte_order_mark_is_no_harm():
    assert parse(b'\xef\xbb\xbf{"a": 1}').facts == {"a": 1}


def test_five_levels_are_enough():
    assert parse({"a": {"b": {"c": {"d": {"e": 1}}}}}).outcome is EvidenceOutcome.PASS


def test_metrics_are_no_dump():
    with pytest.raises(EvidenceRejected, match="more than 1000 values"):
        parse({f"m{n}": n for n in range(1001)})
    with pytest.raises(EvidenceRejected, match="larger than 1 MiB"):
        parse(b" " * (LARGEST + 1))
    with pytest.raises(EvidenceRejected, match="larger than 10 bytes"):
        parse({"coverage": 12}, limit=10)


def test_the_summary_stays_short():
    long = {"a" * 64: {"b" * 64: {f"{'c' * 60}{n}": n for n in range(9)}}}
    assert len(parse(long).summary) < 500


names = st.text(st.characters(max_codepoint=127), min_size=1, max_size=8)


@given(
    st.dictionaries(names, st.integers(-(10**6), 10**6) | st.floats(allow_nan=False), max_size=5)
)
def test_every_name_that_is_accepted_can_be_said_in_a_rule(document):
    try:
        facts = parse(document).facts
    except EvidenceRejected:
        return
    for name, value in facts.items():
        rule = f"evidence.{name} == evidence.{name}"
        assert compile_rule(rule).holds({"evidence": facts}) is True
        assert [one.find({"evidence": facts}) for one in references_of(rule)] == [value]


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_no_bytes_break_the_parser(raw):
    try:
        facts = parse(raw).facts
    except EvidenceRejected:
        return
    assert all(math.isfinite(v) for v in facts.values() if isinstance(v, float))
