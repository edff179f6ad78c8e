"""Enter evidence into the record: the row, its event, and a fresh look at who stands on it."""

from django.db.models import Q

from audit.record import record
from catalog.models import User
from releases.audit_events import ReleaseEvent
from releases.marking import mark_for_evaluation
from releases.models import Evidence, ReleaseItem
from releases.parsers.port import Parsed


def enter_evidence(evidence: Evidence, parsed: Parsed, *, by: User) -> Evidence:
    """Save the evidence, inside the caller's transaction."""
    evidence.outcome = parsed.outcome
    evidence.summary = parsed.summary[:500]
    evidence.facts = dict(parsed.facts)
    evidence.save(force_insert=True)
    record(
        ReleaseEvent.EVIDENCE_ADDED,
        subject=evidence,
        by=by,
        kind=evidence.kind,
        sha256=evidence.sha256,
        size=evidence.size,
        evidence_outcome=str(evidence.outcome),
        parser=evidence.parser_version,
        summary=evidence.summary,
    )
    mark_for_evaluation(_concerned(evidence))
    return evidence


def with_version(artifact_version_id: int | None) -> Q:
    """Return which change requests have the version in their release."""
    items = ReleaseItem.objects.filter(artifact_version_id=artifact_version_id)
    return Q(release_id__in=items.values("release_id"))


def _concerned(evidence: Evidence) -> Q:
    """Return which change requests this report is about."""
    if evidence.release_id:
        return Q(release_id=evidence.release_id)
    return with_version(evidence.artifact_version_id)
