"""SARIF 2.1.0: what a scanner found, counted by severity.

A finding's severity is its `security-severity` (a CVSS score, on the result or on its rule); where
there is none, its level: error is high, warning is medium, note is low.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO, Final

from releases.canonical import Json
from releases.outcomes import EvidenceOutcome
from releases.parsers.errors import EvidenceRejected
from releases.parsers.port import Parsed
from releases.parsers.reading import clip
from releases.parsers.strict_json import read_json

_Object = Mapping[str, Json]
LARGEST: Final = 16 * 1024 * 1024
#: What no team can read is a scanner gone wrong; GitHub takes a quarter of it per run.
MOST_RESULTS: Final = 100_000
SEVERITIES: Final = ("critical", "high", "medium", "low")
#: The bands of CVSS 3.1, section 5.
_SCORES: Final = ((9.0, "critical"), (7.0, "high"), (4.0, "medium"), (0.0, "low"))
_LEVELS: Final = {"error": "high", "warning": "medium", "note": "low"}
_NO_PROBLEM: Final = frozenset({"pass", "notApplicable", "informational"})


class SarifParser:
    """Facts: critical, high, medium, low, total, suppressed, tool."""

    kind: Final = "sarif"
    version: Final = "1"

    def parse(self, stream: BinaryIO, *, limit: int) -> Parsed:
        """Return the counts of `stream`; raise EvidenceRejected when it is no SARIF log."""
        document = read_json(stream, limit=min(limit, LARGEST))
        if not isinstance(document, Mapping) or not isinstance(document.get("runs"), list):
            raise EvidenceRejected("A SARIF log is a JSON object with a list named runs.")
        runs = _objects(document["runs"])
        if sum(_length(run.get("results")) for run in runs) > MOST_RESULTS:
            raise EvidenceRejected(f"The SARIF log has more than {MOST_RESULTS} results.")
        counts = Counter(severity for run in runs for severity in _findings(run))
        tool = ", ".join(sorted({_tool(run) for run in runs}))
        facts: dict[str, Json] = {name: counts[name] for name in (*SEVERITIES, "suppressed")}
        facts |= {"total": sum(counts[name] for name in SEVERITIES), "tool": clip(tool, 200)}
        return Parsed(_outcome(runs, counts), facts, _summary(runs, counts, tool))


def _outcome(runs: Sequence[_Object], counts: Counter[str]) -> EvidenceOutcome:
    if any(_gave_up(run) for run in runs):
        return EvidenceOutcome.ERROR
    if counts["critical"] or counts["high"]:
        return EvidenceOutcome.FAIL
    # Section 3.14.23: a run without results is one in which nothing was looked for.
    if not runs or any(not isinstance(run.get("results"), list) for run in runs):
        return EvidenceOutcome.INCONCLUSIVE
    return EvidenceOutcome.PASS


def _summary(runs: Sequence[_Object], counts: Counter[str], tool: str) -> str:
    if not runs:
        return "The log holds no run of a scanner."
    if any(_gave_up(run) for run in runs):
        return f"{clip(tool, 80)} says that it did not finish."
    if any(not isinstance(run.get("results"), list) for run in runs):
        return f"{clip(tool, 80)} reports no results, not even an empty list: nothing was scanned."
    found = [f"{counts[name]} {name}" for name in SEVERITIES if counts[name]]
    return f"{clip(tool, 80)} found {', '.join(found) or 'nothing'}."


def _gave_up(run: _Object) -> bool:
    return any(one.get("executionSuccessful") is False for one in _objects(run.get("invocations")))


def _tool(run: _Object) -> str:
    name = _driver(run).get("name")
    return name if isinstance(name, str) and name else "an unnamed scanner"


def _driver(run: _Object) -> _Object:
    return _object(_object(run.get("tool")).get("driver"))


def _findings(run: _Object) -> Iterator[str]:
    rules = _rules(run)
    for result in _objects(run.get("results")):
        if result.get("kind") in _NO_PROBLEM or result.get("baselineState") == "absent":
            continue
        severity = _severity(result, _rule_of(result, rules))
        if severity:
            yield "suppressed" if _is_suppressed(result) else severity


def _rules(run: _Object) -> dict[str, _Object]:
    components = [_driver(run), *_objects(_object(run.get("tool")).get("extensions"))]
    return {
        name: rule
        for component in components
        for rule in _objects(component.get("rules"))
        if isinstance(name := rule.get("id"), str)
    }


def _rule_of(result: _Object, rules: Mapping[str, _Object]) -> _Object:
    name = result.get("ruleId") or _object(result.get("rule")).get("id")
    if isinstance(name, str):
        return rules.get(name) or rules.get(name.rpartition("/")[0]) or {}
    index = result.get("ruleIndex")
    listed = list(rules.values())
    return listed[index] if isinstance(index, int) and 0 <= index < len(listed) else {}


def _severity(result: _Object, rule: _Object) -> str | None:
    """Return None for a result that says it is none."""
    score = _score(result)
    if score is None:
        score = _score(rule)
    if score is not None and score > 0:
        return next(name for least, name in _SCORES if score >= least)
    level = result.get("level") or _object(rule.get("defaultConfiguration")).get("level")
    if level == "none":
        return None
    # Section 3.27.10: warning is the default; an unknown level is no reason to look away.
    return _LEVELS.get(level, "high") if isinstance(level, str) else "medium"


def _score(holder: _Object) -> float | None:
    written = _object(holder.get("properties")).get("security-severity")
    try:
        score = float(written) if isinstance(written, str | int | float) else None
    except ValueError:
        return None
    # NaN and the infinities are no scores; comparisons with NaN are false.
    return score if score is not None and 0 <= score <= 10 else None  # noqa: PLR2004 -- CVSS


def _is_suppressed(result: _Object) -> bool:
    return any(
        one.get("status", "accepted") == "accepted" for one in _objects(result.get("suppressions"))
    )


def _object(value: Json) -> _Object:
    return value if isinstance(value, Mapping) else {}


def _length(value: Json) -> int:
    return len(value) if isinstance(value, list) else 0


def _objects(value: Json) -> list[_Object]:
    if not isinstance(value, list):
        return []
    return [_object(one) for one in value]
