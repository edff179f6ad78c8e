"""JUnit XML as nobody should write it: refused with a sentence, never a pass."""

import io
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releases.outcomes import EvidenceOutcome
from releases.parsers import EvidenceRejected
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


def parse(document, limit=LIMIT):
    raw = document if isinstance(document, bytes) else document.encode()
    return JUnitParser().parse(io.BytesIO(raw), limit=limit)


BOMB = (
    '<!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    "<testsuite><testcase name='&b;'/></testsuite>"
)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (b"", "is an empty file"),
        (b"   ", "ends in the middle"),
        (b"no xml", "not well-formed XML"),
        (b"{}", "not well-formed XML"),
        (PYTEST[:200].encode(), "ends in the middle"),
        (PYTEST[:-20].encode(), "ends in the middle"),
        (PYTEST.encode() + b"<again/>", "not well-formed XML: junk after document element"),
        (b"<testsuite><testcase></testsuite>", "mismatched tag (line 1, column 24)"),
        (b"<testsuite>\0</testsuite>", "a NUL"),
        (b"<testsuite>&#0;</testsuite>", "not well-formed XML"),
        (b"<testsuite><testcase name='a\x01'/></testsuite>", "a control character"),
        (b"<testsuite><testcase name='f\xfcr'/></testsuite>", "not in the declared encoding"),
        (b"<?xml version='1.0' encoding='klingon'?><testsuite/>", "that encoding is not known"),
        (b"<?xml version='1.0' encoding='utf-16'?><testsuite/>", "encoding its XML declaration"),
        (b"<?xml version='1.0' encoding='shift-jis'?><testsuite/>", "that encoding is not known"),
        (b"<testsuite>&unknown;</testsuite>", "undefined entity"),
        (BOMB.encode(), "declares a document type"),
        (
            b'<!DOCTYPE t SYSTEM "file:///etc/passwd"><testsuite/>',
            "declares a document type",
        ),
        (b"<html><body/></html>", "root element is <html>"),
        (b"<testcase name='a'/>", "root element is <testcase>"),
        (b"<testsuite>" * 65, "nested deeper than 64"),
        (b"<testsuite><testcase>" + b"<a>" * 100, "nested deeper than 64"),
        (zlib.compress(PYTEST.encode()), "not well-formed XML"),
    ],
)
def test_what_is_no_report_is_refused_with_a_sentence(document, words):
    with pytest.raises(EvidenceRejected) as refused:
        parse(document)
    assert words in refused.value.sentence
    assert refused.value.sentence.endswith(".")
    assert refused.value.fields == {"file": [refused.value.sentence]}


class Endless(io.RawIOBase):
    """Counts how much was read of a report without an end."""

    read_bytes = 0

    def read(self, size=-1):
        assert 0 < size <= 1024 * 1024
        self.read_bytes += size
        if self.read_bytes == size:
            return b"<testsuite>".ljust(size)
        return b" " * size


def test_a_report_is_read_in_blocks_and_no_further_than_the_limit():
    stream = Endless()
    with pytest.raises(EvidenceRejected, match="larger than 3 MiB"):
        JUnitParser().parse(stream, limit=3 * 1024 * 1024)
    assert stream.read_bytes <= 4 * 1024 * 1024


@pytest.mark.parametrize(("limit", "words"), [(100, "100 bytes"), (2048, "2 KiB")])
def test_the_limit_is_told(limit, words):
    with pytest.raises(EvidenceRejected, match=words):
        parse(PYTEST * 10, limit=limit)


def test_a_report_of_exactly_the_limit_is_read():
    assert parse(PYTEST, limit=len(PYTEST.encode())).facts["tests"] == 4


@given(st.binary(max_size=200))
def test_no_bytes_break_the_parser(raw):
    try:
        parsed = parse(raw)
    except EvidenceRejected:
        return
    assert parsed.outcome is not EvidenceOutcome.PASS or parsed.facts["passed"]


@given(st.integers(0, len(PYTEST)), st.binary(min_size=1, max_size=6))
def test_no_damage_makes_a_pass_of_a_failure(where, damage):
    raw = PYTEST.encode()
    try:
        parsed = parse(raw[:where] + damage + raw[where:])
    except EvidenceRejected:
        return
    assert parsed.outcome is not EvidenceOutcome.PASS
