"""Counts the cases of a JUnit report while it is read; keeps no tree."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from releases.canonical import Json
from releases.parsers.errors import EvidenceRejected
from releases.parsers.reading import clip

DEEPEST: Final = 64
MOST_FAILURES: Final = 50
LONGEST_NAME: Final = 200
LONGEST_MESSAGE: Final = 500

_ROOTS: Final = frozenset({"testsuites", "testsuite"})
#: Child element → what the case is; the later of the list wins over the earlier.
_VERDICTS: Final = {"skipped": 1, "failure": 2, "error": 3}
#: GoogleTest and CTest say it in an attribute.
_NOT_RUN: Final = frozenset({"notrun", "disabled", "skipped", "suppressed", "ignored"})


@dataclass(slots=True)
class Tally:
    """Every case has one outcome, so tests = passed + failed + errors + skipped.

    The `declared_` counts are what the root and the suites directly below it say went wrong.
    """

    passed: int = 0
    failed: int = 0
    errors: int = 0
    skipped: int = 0
    declared_by_root: int = 0
    declared_by_suites: int = 0
    root_seconds: float | None = None
    suite_seconds: float = 0.0
    case_seconds: float = 0.0
    failures: list[dict[str, Json]] = field(default_factory=list)

    @property
    def tests(self) -> int:
        return self.passed + self.failed + self.errors + self.skipped

    @property
    def declared_bad(self) -> int:
        return max(self.declared_by_root, self.declared_by_suites)

    @property
    def duration_seconds(self) -> float:
        """What the root says, else the sum of the outer suites, else the sum of the cases."""
        return round(self.root_seconds or self.suite_seconds or self.case_seconds, 3)

    def facts(self) -> dict[str, Json]:
        return {
            "tests": self.tests,
            "passed": self.passed,
            "failed": self.failed,
            "errors": self.errors,
            "skipped": self.skipped,
            "duration_seconds": self.duration_seconds,
            "failures": self.failures,
        }

    def count(self, verdict: int, name: str, message: str) -> None:
        match verdict:
            case 0:
                self.passed += 1
            case 1:
                self.skipped += 1
            case 2:
                self.failed += 1
            case _:
                self.errors += 1
        if verdict > 1 and len(self.failures) < MOST_FAILURES:
            shown = {"name": clip(name, LONGEST_NAME), "message": clip(message, LONGEST_MESSAGE)}
            self.failures.append(dict(shown))


@dataclass(slots=True)
class _Case:
    name: str
    depth: int
    verdict: int = 0
    message: str = ""
    #: The element whose text is the message, because it has no message attribute.
    listening: str = ""


class CaseCounter:
    """A target for `feed_xml`; `tally` holds the counts."""

    def __init__(self) -> None:
        self.tally = Tally()
        self._depth = 0
        self._suites: list[str] = []
        self._case: _Case | None = None

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        name = tag.rpartition("}")[2]
        self._depth += 1
        if self._depth > DEEPEST:
            raise EvidenceRejected(f"The report is nested deeper than {DEEPEST} levels.")
        if self._depth == 1 and name not in _ROOTS:
            raise EvidenceRejected(
                f"The report's root element is <{clip(name, 60)}>; a JUnit report's is"
                " <testsuites> or <testsuite>."
            )
        if self._case is not None:
            self._inside_case(self._case, name, attributes)
        elif name in _ROOTS:
            self._suite(name, attributes)
        elif name == "testcase":
            self._case = _open_case(attributes, self._depth)
            self.tally.case_seconds += _seconds(attributes) or 0.0
        elif name in {"failure", "error"} and self._depth == len(self._suites) + 1:
            # A suite that could not even start: it counts as one case.
            self._case = _Case(self._suites[-1], self._depth)
            self._blame(self._case, name, attributes)

    def data(self, text: str) -> None:
        case = self._case
        if case is not None and case.listening and len(case.message) < LONGEST_MESSAGE * 4:
            case.message += text[: LONGEST_MESSAGE * 4]

    def end(self, tag: str) -> None:
        name = tag.rpartition("}")[2]
        case = self._case
        if case is not None:
            if case.listening == name:
                case.listening = ""
            if case.depth == self._depth:
                self.tally.count(case.verdict, case.name, case.message)
                self._case = None
        elif name in _ROOTS and len(self._suites) == self._depth:
            self._suites.pop()
        self._depth -= 1

    def _suite(self, name: str, attributes: Mapping[str, str]) -> None:
        self._suites.append(attributes.get("name", name))
        seconds = _seconds(attributes)
        if self._depth == 1:
            self.tally.root_seconds = seconds
            self.tally.declared_by_root = _declared_bad(attributes)
        elif self._depth == 2:  # noqa: PLR2004 -- directly below the root
            self.tally.suite_seconds += seconds or 0.0
            self.tally.declared_by_suites += _declared_bad(attributes)

    def _inside_case(self, case: _Case, name: str, attributes: Mapping[str, str]) -> None:
        if self._depth == case.depth + 1 and name in _VERDICTS:
            self._blame(case, name, attributes)

    def _blame(self, case: _Case, name: str, attributes: Mapping[str, str]) -> None:
        verdict = _VERDICTS[name]
        if verdict <= case.verdict:
            return
        case.verdict = verdict
        case.message = attributes.get("message") or ""
        case.listening = "" if case.message else name


def _open_case(attributes: Mapping[str, str], depth: int) -> _Case:
    class_name, name = attributes.get("classname", ""), attributes.get("name", "")
    not_run = {attributes.get("status", "").lower(), attributes.get("result", "").lower()}
    full_name = ".".join(part for part in (class_name, name) if part) or "(no name)"
    return _Case(full_name, depth, verdict=1 if not_run & _NOT_RUN else 0)


def _seconds(attributes: Mapping[str, str]) -> float | None:
    try:
        # Surefire writes 1,234.567.
        seconds = float(attributes.get("time", "").replace(",", ""))
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _declared_bad(attributes: Mapping[str, str]) -> int:
    return sum(
        int(count)
        for name in ("failures", "errors")
        if (count := attributes.get(name, "")).isdecimal() and len(count) < 10  # noqa: PLR2004 -- an honest count
    )
