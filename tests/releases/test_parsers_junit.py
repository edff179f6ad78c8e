"""JUnit XML as its many writers write it, and as nobody should."""

import io

import pytest

from releases.outcomes import EvidenceOutcome
from releases.parsers.junit import JUnitParser

LIMIT = 10 * 1024 * 1024

PYTEST = """<?xml version="1.0" encoding="utf-8"?>
<testsuites name="pytest tests"><testsuite name="pytest" errors="1" failures="1" skipped="1"
 tests="4" time="0.123" timestamp="2026-01-01T00:00:00+00:00" hostname="ci">
<testcase classname="tests.test_a" name="test_ok" time="0.001"/>
<testcase classname="tests.test_a" name="test_no[é]" time="0.002">
<failure message="assert 1 == 2">def test_no(): &gt; assert 1 == 2</failure></testcase>
<testcase classname="tests.test_a" name="test_setup"><error message="failed on setup">tb</error>
</testcase>
<testcase classname="tests.test_a" name="test_skip"><skipped type="pytest.skip" message="why"/>
</testcase></testsuite></testsuites>"""
SUREFIRE = """<?xml version="1.0" encoding="UTF-8"?>
<testsuite xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" version="3.0"
 xsi:noNamespaceSchemaLocation="https://maven.apache.org/x.xsd" name="com.acme.PayTest"
 time="1,234.5" tests="3" errors="0" skipped="0" failures="0">
<properties><property name="java.version" value="21"/></properties>
<testcase name="pays" classname="com.acme.PayTest" time="1,200.0"/>
<testcase name="flaky" classname="com.acme.PayTest" time="3">
<flakyFailure message="first try" type="x"><stackTrace>at</stackTrace></flakyFailure></testcase>
<testcase name="refunds" classname="com.acme.PayTest" time="0.5">
<system-out><![CDATA[<failure> is only text]]></system-out></testcase></testsuite>"""
SUREFIRE_RERUN = """<testsuite name="x" tests="1" failures="1"><testcase name="a" classname="c">
<failure message="boom" type="AssertionError"/><rerunFailure message="boom again"/></testcase>
</testsuite>"""
GRADLE = """<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="PayTest" tests="2" skipped="1" failures="0" errors="0" time="0.02"><properties/>
<testcase name="a()" classname="PayTest" time="0.01"/><testcase name="b()" classname="PayTest"
 time="0.0"><skipped/></testcase><system-out><![CDATA[]]></system-out></testsuite>"""
JEST = """<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="jest tests" tests="2" failures="1" errors="0" time="2.5">
<testsuite name="cart" errors="0" failures="1" skipped="0" tests="2" time="2.1">
<testcase classname="cart adds" name="cart adds" time="0.1"></testcase>
<testcase classname="cart removes" name="cart removes" time="0.1"><failure>Error: expected 1
    at Object.&lt;anonymous&gt;</failure></testcase></testsuite></testsuites>"""
NESTED = """<testsuites><testsuite name="a" time="1"><testsuite name="b" time="0.5">
<testcase name="t1" time="0.2"/><testsuite name="c"><testcase name="t2"><failure/></testcase>
</testsuite></testsuite><testcase name="t3"/></testsuite></testsuites>"""
GOOGLETEST = """<testsuites tests="3" failures="0" disabled="1" errors="0" time="0.01" name="All">
<testsuite name="Pay" tests="3"><testcase name="A" status="run" result="completed"/>
<testcase name="B" status="notrun" result="suppressed"/>
<testcase name="C" status="run" result="skipped"><skipped message="no"/></testcase></testsuite>
</testsuites>"""
SUITE_ERROR = """<testsuites><testsuite name="cannot-start" errors="1"><error message="no module">
trace</error><system-err>x</system-err></testsuite></testsuites>"""


def parse(document, limit=LIMIT):
    raw = document if isinstance(document, bytes) else document.encode()
    return JUnitParser().parse(io.BytesIO(raw), limit=limit)


def counts(parsed):
    return tuple(parsed.facts[name] for name in ("tests", "passed", "failed", "errors", "skipped"))


@pytest.mark.parametrize(
    ("document", "outcome", "expected", "seconds"),
    [
        (PYTEST, "fail", (4, 1, 1, 1, 1), 0.123),
        (SUREFIRE, "pass", (3, 3, 0, 0, 0), 1234.5),
        (SUREFIRE_RERUN, "fail", (1, 0, 1, 0, 0), 0),
        (GRADLE, "pass", (2, 1, 0, 0, 1), 0.02),
        (JEST, "fail", (2, 1, 1, 0, 0), 2.5),
        (NESTED, "fail", (3, 2, 1, 0, 0), 1.0),
        (GOOGLETEST, "pass", (3, 1, 0, 0, 2), 0.01),
        (SUITE_ERROR, "fail", (1, 0, 0, 1, 0), 0),
    ],
    ids=["pytest", "surefire", "rerun", "gradle", "jest", "nested", "googletest", "suite-error"],
)
def test_every_dialect_is_counted_by_its_cases(document, outcome, expected, seconds):
    parsed = parse(document)
    assert parsed.outcome == outcome
    assert counts(parsed) == expected
    assert parsed.facts["duration_seconds"] == seconds


def test_failures_are_listed_with_name_and_message():
    assert parse(PYTEST).facts["failures"] == [
        {"name": "tests.test_a.test_no[é]", "message": "assert 1 == 2"},
        {"name": "tests.test_a.test_setup", "message": "failed on setup"},
    ]
    assert parse(JEST).facts["failures"][0]["message"] == (
        "Error: expected 1 at Object.<anonymous>"
    )
    assert parse(SUITE_ERROR).facts["failures"] == [
        {"name": "cannot-start", "message": "no module"}
    ]


def test_the_summary_says_what_was_counted():
    assert parse(PYTEST).summary == "4 tests: 1 passed, 1 failed, 1 ended in an error, 1 skipped."
    assert parse("<testsuite><testcase name='a'/></testsuite>").summary == "1 test: 1 passed."


def test_wrong_totals_are_not_believed():
    parsed = parse(
        '<testsuites tests="900"><testsuite tests="x"><testcase name="a"/></testsuite></testsuites>'
    )
    assert counts(parsed) == (1, 1, 0, 0, 0)
    assert parsed.outcome is EvidenceOutcome.PASS


@pytest.mark.parametrize(
    "document",
    [
        '<testsuites failures="2"><testsuite><testcase name="a"/></testsuite></testsuites>',
        '<testsuites><testsuite errors="1"><testcase name="a"/></testsuite></testsuites>',
        (
            '<testsuites failures="0"><testsuite failures="1"><testcase name="a"/></testsuite>'
            "</testsuites>"
        ),
        '<testsuite errors="3"><testcase name="a"/></testsuite>',
    ],
)
def test_failures_that_are_declared_and_not_shown_are_no_pass(document):
    parsed = parse(document)
    assert parsed.outcome is EvidenceOutcome.INCONCLUSIVE
    assert "it shows none" in parsed.summary


@pytest.mark.parametrize(
    ("document", "summary"),
    [
        ("<testsuites/>", "The report holds no test."),
        ('<testsuite tests="12" failures="0"/>', "The report holds no test."),
        (
            "<testsuite><testcase name='a'><skipped/></testcase></testsuite>",
            "1 test: 1 skipped. None of them ran.",
        ),
    ],
)
def test_a_report_in_which_nothing_ran_is_inconclusive(document, summary):
    parsed = parse(document)
    assert parsed.outcome is EvidenceOutcome.INCONCLUSIVE
    assert parsed.summary == summary


def test_a_case_has_one_outcome_and_the_worst_counts():
    parsed = parse(
        "<testsuite><testcase name='a'><skipped/><error message='e'/><failure message='f'/>"
        "</testcase></testsuite>"
    )
    assert counts(parsed) == (1, 0, 0, 1, 0)
    assert parsed.facts["failures"] == [{"name": "a", "message": "e"}]


def test_only_direct_children_say_what_a_case_is():
    parsed = parse(
        "<testsuite><testcase name='a'><system-out><failure/></system-out></testcase></testsuite>"
    )
    assert parsed.outcome is EvidenceOutcome.PASS


def test_fifty_failures_are_listed_and_all_are_counted():
    cases = "".join(f"<testcase name='t{n}'><failure/></testcase>" for n in range(120))
    parsed = parse(f"<testsuite>{cases}</testsuite>")
    assert parsed.facts["failed"] == 120
    assert len(parsed.facts["failures"]) == 50


def test_long_names_and_messages_are_clipped():
    long = "x" * 5000
    parsed = parse(
        f"<testsuite><testcase classname='{long}' name='n'><failure message='{long}'/></testcase>"
        f"<testcase name='m'><failure>{'line&#10;' * 5000}</failure></testcase></testsuite>"
    )
    first, second = parsed.facts["failures"]
    assert len(first["name"]) == 200
    assert len(first["message"]) == 500
    assert first["message"].endswith("…")
    assert len(second["message"]) == 500


@pytest.mark.parametrize("time", ["", "abc", "nan", "-1", "inf"])
def test_a_time_that_is_none_is_left_out(time):
    parsed = parse(f"<testsuite time='{time}'><testcase name='a' time='0.25'/></testsuite>")
    assert parsed.facts["duration_seconds"] == 0.25


def test_a_case_without_a_name_is_a_case():
    assert parse("<testsuite><testcase/></testsuite>").facts["passed"] == 1


def test_namespaces_do_not_hide_the_cases():
    parsed = parse("<testsuite xmlns='urn:x'><testcase name='a'><failure/></testcase></testsuite>")
    assert counts(parsed) == (1, 0, 1, 0, 0)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1", "windows-1252"])
def test_declared_encodings_are_read(encoding):
    name = encoding.removesuffix("-sig")
    text = (
        f"<?xml version='1.0' encoding='{name}'?><testsuite><testcase name='für'><failure/>"
        "</testcase></testsuite>"
    )
    assert parse(text.encode(encoding)).facts["failures"][0]["name"] == "für"
