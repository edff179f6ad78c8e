"""Great Expectations: the result of a suite, or the description of a checkpoint (1.x, and suites of 0.18).

Counted from the expectations themselves. The values of the data that a result quotes are left out of the
facts: they may be personal, and no gate needs them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Final

from releases.canonical import Json
from releases.outcomes import EvidenceOutcome
from releases.parsers.errors import EvidenceRejected
from releases.parsers.port import Parsed
from releases.parsers.reading import clip
from releases.parsers.strict_json import read_json

_Object = Mapping[str, Json]
LARGEST: Final = 16 * 1024 * 1024
MOST_EXPECTATIONS: Final = 10_000
MOST_FAILURES: Final = 50
LONGEST_NAME: Final = 200
_NOT_GX: Final = (
    "This is no result of Great Expectations: it has no success, statistics and results (of a suite) or"
    " validation_results (of a checkpoint)."
)


@dataclass(frozen=True, slots=True)
class _Expectation:
    kind: str
    column: str
    held: bool
    raised: bool
    unexpected_percent: float | None
    severity: str

    @property
    def name(self) -> str:
        return clip(f"{self.kind} ({self.column})" if self.column else self.kind, LONGEST_NAME)


class GreatExpectationsParser:
    """Facts: form, expectations, successful, failed, errors, declared, success, failures, columns."""

    kind: Final = "great_expectations"
    version: Final = "1"

    def parse(self, stream: BinaryIO, *, limit: int) -> Parsed:
        """Return the expectations of `stream`; raise EvidenceRejected for what is no such result."""
        document = read_json(stream, limit=min(limit, LARGEST), finite=False)
        if not isinstance(document, Mapping) or not isinstance(document.get("success"), bool):
            raise EvidenceRejected(_NOT_GX)
        form, suites = _suites(document)
        expectations = [each for suite in suites for each in _expectations(suite)]
        if len(expectations) > MOST_EXPECTATIONS:
            raise EvidenceRejected(f"The result has more than {MOST_EXPECTATIONS} expectations.")
        declared = sum(_declared(suite) for suite in suites)
        said_success = bool(document["success"])
        facts = _facts(expectations) | {
            "form": form,
            "declared": declared,
            "success": said_success,
        }
        outcome = _outcome(expectations, declared, said_success=said_success)
        return Parsed(outcome, facts, _summary(expectations, declared, outcome))


def _suites(document: _Object) -> tuple[str, list[_Object]]:
    listed = document.get("validation_results")
    if isinstance(listed, list):
        return "checkpoint", [_suite(each) for each in listed]
    return "suite", [_suite(document)]


def _suite(value: Json) -> _Object:
    if (
        not isinstance(value, Mapping)
        or not isinstance(value.get("statistics"), Mapping)
        or not isinstance(value.get("results", value.get("expectations")), list)
    ):
        raise EvidenceRejected(_NOT_GX)
    return value


def _expectations(suite: _Object) -> Iterator[_Expectation]:
    listed = suite.get("results", suite.get("expectations"))
    for each in listed if isinstance(listed, list) else ():
        if not isinstance(each, Mapping) or not isinstance(each.get("success"), bool):
            raise EvidenceRejected("An expectation in the result does not say whether it held.")
        # 1.x: expectation_config.type; 0.18: expectation_config.expectation_type; described: at the top.
        asked = _object(each.get("expectation_config")) or each
        kind = _text(asked.get("type")) or _text(asked.get("expectation_type"))
        if not kind:
            raise EvidenceRejected("An expectation in the result has no type.")
        yield _Expectation(
            kind=kind,
            column=_text(_object(asked.get("kwargs")).get("column")),
            held=each["success"] is True,
            raised=_raised(each.get("exception_info")),
            unexpected_percent=_percent(_object(each.get("result")).get("unexpected_percent")),
            severity=_text(asked.get("severity")),
        )


def _percent(value: Json) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # NaN is neither above nor below anything.
    return value if 0 <= value <= 100 else None  # noqa: PLR2004 -- per cent


def _raised(info: Json) -> bool:
    """Return whether it could not be computed; 1.x nests the answer below the metric's id."""
    if not isinstance(info, Mapping):
        return False
    return info.get("raised_exception") is True or any(
        _object(each).get("raised_exception") is True for each in info.values()
    )


def _declared(suite: _Object) -> int:
    number = _object(suite.get("statistics")).get("evaluated_expectations")
    return number if isinstance(number, int) and not isinstance(number, bool) else 0


def _outcome(
    expectations: Sequence[_Expectation], declared: int, *, said_success: bool
) -> EvidenceOutcome:
    if any(each.raised for each in expectations):
        return EvidenceOutcome.ERROR
    if any(not each.held for each in expectations):
        return EvidenceOutcome.FAIL
    if not expectations or declared != len(expectations):
        return EvidenceOutcome.INCONCLUSIVE
    return EvidenceOutcome.PASS if said_success else EvidenceOutcome.FAIL


def _summary(expectations: Sequence[_Expectation], declared: int, outcome: EvidenceOutcome) -> str:
    if not expectations:
        more = f" The totals declare {declared}; it shows none." if declared else ""
        return f"The result holds no expectation: nothing was checked.{more}"
    raised = sum(each.raised for each in expectations)
    held = sum(each.held for each in expectations)
    counts = [
        f"{count} {word}"
        for count, word in (
            (held, "held"),
            (len(expectations) - held - raised, "did not hold"),
            (raised, "could not be computed"),
        )
        if count
    ]
    number = len(expectations)
    about = "1 expectation" if number == 1 else f"{number} expectations"
    sentence = f"{about}: {', '.join(counts)}."
    if outcome == EvidenceOutcome.INCONCLUSIVE:
        return f"{sentence} The totals declare {declared}: something was lost on the way."
    return sentence


def _facts(expectations: Sequence[_Expectation]) -> dict[str, Json]:
    raised = sum(each.raised for each in expectations)
    held = sum(each.held and not each.raised for each in expectations)
    columns: dict[str, dict[str, int]] = {}
    for each in expectations:
        if each.column:
            counted = columns.setdefault(clip(each.column, LONGEST_NAME), {"held": 0, "failed": 0})
            counted["held" if each.held and not each.raised else "failed"] += 1
    bad = [each for each in expectations if each.raised or not each.held]
    return {
        "expectations": len(expectations),
        "successful": held,
        "failed": len(expectations) - held - raised,
        "errors": raised,
        "columns": columns,
        "failures": [_failure(each) for each in bad[:MOST_FAILURES]],
    }


def _failure(each: _Expectation) -> dict[str, Json]:
    failure: dict[str, Json] = {
        "name": each.name,
        "type": clip(each.kind, LONGEST_NAME),
        "column": clip(each.column, LONGEST_NAME),
        "message": _said(each),
        "severity": clip(each.severity, 40),
    }
    if each.unexpected_percent is not None:
        failure["unexpected_percent"] = each.unexpected_percent
    return failure


def _said(each: _Expectation) -> str:
    if each.raised:
        return "It could not be computed."
    if each.unexpected_percent is None:
        return "It did not hold."
    return f"{each.unexpected_percent:.4g} % of the values are not as expected."


def _object(value: Json) -> _Object:
    return value if isinstance(value, Mapping) else {}


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""
