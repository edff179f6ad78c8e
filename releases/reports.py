"""Evidence as people read it: its facts by name, and what went wrong in it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.urls import reverse
from django.utils import timezone

from releases.models import Evidence
from releases.outcomes import EvidenceOutcome

NAMES: Final = {
    "datasets": "Data sets",
    "dvc": "DVC lock",
    "evidently": "Evidently report",
    "fairness": "Fairness by slices",
    "great_expectations": "Great Expectations",
    "junit": "JUnit report",
    "metrics": "Metrics",
    "model_card": "Imported model card",
    "sarif": "SARIF scan",
}
WITH_FAILURES: Final = frozenset({"evidently", "great_expectations", "junit"})
MOST_FACTS: Final = 60

_ORDER: Final = {
    "datasets": ("total", "weakest"),
    "dvc": ("total", "weakest"),
    "great_expectations": ("expectations", "successful", "failed", "errors"),
    "junit": ("tests", "passed", "failed", "errors", "skipped", "duration_seconds"),
    "sarif": ("critical", "high", "medium", "low", "total", "suppressed", "tool"),
}
"""The database keeps no order of names; people read the heaviest first."""


_FOR_RULES: Final = frozenset(
    {
        ("fairness", "attributes"),
        ("evidently", "values"),
        ("great_expectations", "columns"),
        *(
            (kind, name)
            for kind in ("datasets", "dvc")
            for name in ("strong", "weak", "none", "schema")
        ),
    }
)
_OF_DATA: Final = frozenset({"datasets", "dvc"})


@dataclass(frozen=True)
class Report:
    """What ``components/evidence.html`` draws, and the failures below it."""

    id: int
    kind: str
    name: str
    outcome: str
    summary: str
    sha256: str
    received_at: datetime
    received_from: str
    parser: str
    valid_until: datetime | None
    is_expired: bool
    problem: str
    facts: list[tuple[str, str]]
    failures: list[dict[str, str]]
    download_url: str


def report_of(evidence: Evidence) -> Report:
    """Return the report; ``added_by`` must be selected along."""
    unclear = evidence.outcome in {EvidenceOutcome.INCONCLUSIVE, EvidenceOutcome.ERROR}
    return Report(
        id=evidence.pk,
        kind=evidence.kind,
        name=name_of(evidence.kind),
        outcome=evidence.outcome,
        summary=evidence.summary,
        sha256=f"sha256:{evidence.sha256}",
        received_at=evidence.added_at,
        received_from=evidence.added_by.display_name,
        parser=f"{evidence.kind} parser {evidence.parser_version}",
        valid_until=evidence.valid_until,
        is_expired=evidence.valid_until is not None and evidence.valid_until <= timezone.now(),
        problem=evidence.summary if unclear else "",
        facts=[*facts_in_words(_shown(evidence)), *_data(evidence)][:MOST_FACTS],
        failures=evidence.facts.get("failures", []) if evidence.kind in WITH_FAILURES else [],
        download_url=reverse("releases:evidence-raw", args=[evidence.pk]),
    )


def _shown(evidence: Evidence) -> Mapping[str, Any]:
    """Return the facts without what is drawn or listed elsewhere, or is for rules rather than for people."""
    facts = {
        name: value
        for name, value in _in_order(evidence).items()
        if (evidence.kind, name) not in _FOR_RULES
    }
    if evidence.kind == "evidently":
        facts["drift"] = {
            name: value for name, value in facts["drift"].items() if name != "columns"
        }
    return facts


def _data(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """Yield the data sets that a report names, each with its digest and what is wrong with that."""
    if evidence.kind not in _OF_DATA:
        return
    for each in evidence.facts["datasets"]:
        poor = "" if each["strength"] == "strong" else " (weak)"
        yield each["name"], f"{each['digest']}{poor}" if each["digest"] else "no digest"


def _in_order(evidence: Evidence) -> Mapping[str, Any]:
    facts: dict[str, Any] = evidence.facts
    first = [name for name in _ORDER.get(evidence.kind, ()) if name in facts]
    return {name: facts[name] for name in (*first, *sorted(facts.keys() - set(first)))}


def name_of(kind: str) -> str:
    """Return what people call a kind of evidence."""
    return NAMES.get(kind, kind)


def facts_in_words(facts: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield ``(name, value)``, nested names joined by dots; lists are shown elsewhere."""
    for name, value in facts.items():
        if isinstance(value, Mapping):
            yield from facts_in_words(value, f"{prefix}{name}.")
        elif not isinstance(value, list) and name != "schema":
            yield f"{prefix}{name}".replace("_", " "), value_in_words(value)


def value_in_words(value: object) -> str:
    """Return one value: numbers with at most four places, truth as yes and no."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4f}".rstrip("0").rstrip(".")
    return str(value)
