"""JUnit XML in the dialects of pytest, Surefire, Gradle, Jest, GoogleTest and their relatives.

There is no standard, so nothing is believed but the cases themselves: the totals that suites
declare are often missing and sometimes wrong. They are used for one thing only: a report that
declares failures and shows none is not a pass.
"""

from typing import BinaryIO, Final

from releases.outcomes import EvidenceOutcome
from releases.parsers.junit_cases import CaseCounter, Tally
from releases.parsers.port import Parsed
from releases.parsers.xml_feed import feed_xml


class JUnitParser:
    """Facts: tests, passed, failed, errors, skipped, duration_seconds, failures (name, message)."""

    kind: Final = "junit"
    version: Final = "1"

    def parse(self, stream: BinaryIO, *, limit: int) -> Parsed:
        """Return the tests of `stream`; raise EvidenceRejected when it is no JUnit report."""
        counter = CaseCounter()
        feed_xml(stream, counter, limit=limit)
        tally = counter.tally
        return Parsed(_outcome(tally), tally.facts(), _summary(tally))


def _outcome(tally: Tally) -> EvidenceOutcome:
    if tally.failed or tally.errors:
        return EvidenceOutcome.FAIL
    if not tally.passed or tally.declared_bad:
        return EvidenceOutcome.INCONCLUSIVE
    return EvidenceOutcome.PASS


def _summary(tally: Tally) -> str:
    if not tally.tests:
        return "The report holds no test."
    counts = [
        f"{count} {word}"
        for count, word in (
            (tally.passed, "passed"),
            (tally.failed, "failed"),
            (tally.errors, "ended in an error"),
            (tally.skipped, "skipped"),
        )
        if count
    ]
    tests = "1 test" if tally.tests == 1 else f"{tally.tests} tests"
    sentence = f"{tests}: {', '.join(counts)}."
    if tally.skipped == tally.tests:
        return f"{sentence} None of them ran."
    if tally.declared_bad and not (tally.failed or tally.errors):
        return f"{sentence} The report's totals declare {tally.declared_bad} failed; it shows none."
    return sentence
