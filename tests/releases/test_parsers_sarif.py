"""SARIF logs, counted by severity."""

import io
import json

import pytest

from releases.outcomes import EvidenceOutcome
from releases.parsers import EvidenceRejected
from releases.parsers.sarif import LARGEST, SarifParser

RULES = [
    {"id": "sql", "properties": {"security-severity": "9.8"}},
    {"id": "xss", "properties": {"security-severity": "7.0"}},
    {"id": "log", "properties": {"security-severity": "4.1"}},
    {"id": "tls", "properties": {"security-severity": 0.5}},
    {"id": "style", "defaultConfiguration": {"level": "note"}},
    {"id": "bad", "properties": {"security-severity": "high"}},
]


def run(*results, **more):
    driver = {"name": "scanner", "rules": RULES}
    return {"tool": {"driver": driver}, "results": list(results), **more}


def parse(*runs):
    raw = json.dumps({"version": "2.1.0", "runs": list(runs)}).encode()
    return SarifParser().parse(io.BytesIO(raw), limit=10**7)


def severity(result):
    facts = parse(run(result)).facts
    return [name for name in ("critical", "high", "medium", "low", "suppressed") if facts[name]]


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ({"ruleId": "sql"}, ["critical"]),
        ({"ruleId": "xss"}, ["high"]),
        ({"ruleId": "log", "level": "error"}, ["medium"]),
        ({"ruleId": "tls"}, ["low"]),
        ({"ruleIndex": 0}, ["critical"]),
        ({"rule": {"id": "sql"}}, ["critical"]),
        ({"ruleId": "sql/in-a-loop"}, ["critical"]),
        ({"ruleId": "style"}, ["low"]),
        ({"ruleId": "style", "level": "error"}, ["high"]),
        ({"ruleId": "sql", "properties": {"security-severity": "5.0"}}, ["medium"]),
        ({"ruleId": "bad"}, ["medium"]),
        ({"ruleId": "unknown", "level": "warning"}, ["medium"]),
        ({"level": "odd"}, ["high"]),
        ({"ruleIndex": 99}, ["medium"]),
        ({}, ["medium"]),
        ({"properties": {"security-severity": "nan"}}, ["medium"]),
        ({"properties": {"security-severity": "11"}}, ["medium"]),
        ({"properties": {"security-severity": "0.0"}, "level": "note"}, ["low"]),
        ({"level": "none"}, []),
        ({"ruleId": "sql", "kind": "pass"}, []),
        ({"ruleId": "sql", "kind": "review"}, ["critical"]),
        ({"ruleId": "sql", "baselineState": "absent"}, []),
        ({"ruleId": "sql", "suppressions": [{"kind": "external"}]}, ["suppressed"]),
        ({"ruleId": "sql", "suppressions": [{"status": "rejected"}]}, ["critical"]),
        ({"ruleId": "sql", "suppressions": []}, ["critical"]),
        ("no object", ["medium"]),
    ],
)
def test_a_finding_has_the_severity_of_its_score_or_its_level(result, expected):
    assert severity(result) == expected


def test_findings_are_counted_over_all_runs():
    parsed = parse(run({"ruleId": "sql"}, {"ruleId": "xss"}), run({"ruleId": "sql"}))
    assert parsed.facts == {
        "critical": 2,
        "high": 1,
        "medium": 0,
        "low": 0,
        "suppressed": 0,
        "total": 3,
        "tool": "scanner",
    }
    assert parsed.outcome is EvidenceOutcome.FAIL
    assert parsed.summary == "scanner found 2 critical, 1 high."


def test_medium_findings_alone_are_no_failure_by_themselves():
    assert parse(run({"ruleId": "log"})).outcome is EvidenceOutcome.PASS


def test_an_empty_list_of_results_is_a_clean_scan():
    parsed = parse(run())
    assert parsed.outcome is EvidenceOutcome.PASS
    assert parsed.summary == "scanner found nothing."


def test_rules_of_extensions_are_known():
    extension = {"rules": [{"id": "deep", "properties": {"security-severity": "9.1"}}]}
    tool = {"driver": {"name": "codeql"}, "extensions": [extension]}
    facts = parse({"tool": tool, "results": [{"ruleId": "deep"}]}).facts
    assert facts["critical"] == 1
    assert facts["tool"] == "codeql"


@pytest.mark.parametrize(
    ("runs", "words"),
    [
        ([], "holds no run"),
        ([{"tool": {"driver": {"name": "s"}}}], "s reports no results"),
        ([{"results": None}], "an unnamed scanner reports no results"),
        ([None], "no results"),
    ],
)
def test_a_scan_that_looked_at_nothing_is_inconclusive(runs, words):
    parsed = parse(*runs)
    assert parsed.outcome is EvidenceOutcome.INCONCLUSIVE
    assert words in parsed.summary


def test_a_scan_that_gave_up_is_an_error():
    parsed = parse(run(invocations=[{"executionSuccessful": False}]))
    assert parsed.outcome is EvidenceOutcome.ERROR
    assert parsed.summary == "scanner says that it did not finish."


@pytest.mark.parametrize(
    "raw", [b"{}", b"[]", b'{"runs": {}}', b'{"runs": 1, "runs": []}', b"<a/>"]
)
def test_what_is_no_sarif_log_is_refused(raw):
    with pytest.raises(EvidenceRejected):
        SarifParser().parse(io.BytesIO(raw), limit=1000)


def test_a_log_that_nobody_could_read_is_refused():
    with pytest.raises(EvidenceRejected, match="more than 100000 results"):
        parse(run(*[{}] * 60_000), run(*[{}] * 60_000))
    with pytest.raises(EvidenceRejected, match="larger than 16 MiB"):
        SarifParser().parse(io.BytesIO(b" " * (LARGEST + 1)), limit=10**9)
