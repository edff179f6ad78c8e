"""Rows of releases and the events that each of them left; settings.AUDIT_RECONCILIATION names this."""

from typing import Any, Final

from django.db.models import Case, CharField, QuerySet, Value, When
from django.db.models.functions import Cast, Concat

from audit.completeness.reconciliation import LISTED_IN, Agreement, Population
from audit.privacy.events import PrivacyEvent
from catalog.audit_reconciliation import in_stream
from releases.audit_events import ReleaseEvent
from releases.models import (
    AccessReview,
    Approval,
    ApprovalDecision,
    CardReview,
    CardRevision,
    ChangeRequest,
    Evidence,
    Policy,
    PolicyActivation,
    PolicyVersion,
    Release,
)


def _evidence() -> QuerySet[Any, Any]:
    """Evidence is told of in the stream of what it is about."""
    artifact = Concat(Value("artifact-version/"), Cast("artifact_version_id", CharField()))
    release = Concat(Value("release/"), Cast("release_id", CharField()))
    stream = Case(
        When(artifact_version__isnull=False, then=artifact),
        default=release,
        output_field=CharField(),
    )
    return Evidence.objects.values_list(stream)


def _signed(decision: ApprovalDecision) -> QuerySet[Any, Any]:
    rows = Approval.objects.filter(decision=decision)
    return in_stream(rows, "change-request", "change_request_id")


POPULATIONS: Final = [
    Population("Evidence", _evidence, [ReleaseEvent.EVIDENCE_ADDED]),
    # Their bytes are gone: only a pruning may be the reason.
    Agreement(
        "Reports whose time was over",
        held="SELECT sha256, count(*)::text FROM releases_evidence WHERE pruned_at IS NOT NULL GROUP BY 1",
        told=f"""SELECT sha256, count(*)::text FROM entries,
                {LISTED_IN.format("facts #> '{data,sha256}'")} AS sha256
            WHERE type = '{PrivacyEvent.PRUNED}' AND facts #>> '{{data,name}}' = 'evidence'
            GROUP BY 1""",
    ),
    Population(
        "Policies",
        lambda: in_stream(Policy.objects.all(), "policy"),
        [ReleaseEvent.POLICY_CREATED],
    ),
    Population(
        "Published versions of policies",
        lambda: in_stream(PolicyVersion.objects.exclude(published_at=None), "policy", "policy_id"),
        [ReleaseEvent.POLICY_PUBLISHED],
    ),
    Population(
        "Policies put in force",
        lambda: in_stream(PolicyActivation.objects.all(), "environment", "environment_id"),
        [ReleaseEvent.POLICY_ACTIVATED],
    ),
    Population(
        "Revisions of model cards",
        lambda: in_stream(
            CardRevision.objects.all(), "artifact-version", "card__artifact_version_id"
        ),
        [ReleaseEvent.CARD_SAVED],
    ),
    Population(
        "Reviews of model cards",
        lambda: in_stream(
            CardReview.objects.all(), "artifact-version", "revision__card__artifact_version_id"
        ),
        [ReleaseEvent.CARD_REVIEWED],
    ),
    Population(
        "Access reviews",
        lambda: in_stream(AccessReview.objects.all(), "access-review"),
        [ReleaseEvent.ACCESS_REVIEW_OPENED],
    ),
    Population(
        "Signed access reviews",
        lambda: in_stream(AccessReview.objects.exclude(signed_at=None), "access-review"),
        [ReleaseEvent.ACCESS_REVIEW_SIGNED],
    ),
    Population(
        "Releases", lambda: in_stream(Release.objects.all(), "release"), [ReleaseEvent.SEALED]
    ),
    Population(
        "Change requests",
        lambda: in_stream(ChangeRequest.objects.all(), "change-request"),
        [ReleaseEvent.SUBMITTED],
    ),
    Population("Approvals", lambda: _signed(ApprovalDecision.APPROVED), [ReleaseEvent.APPROVED]),
    Population("Rejections", lambda: _signed(ApprovalDecision.REJECTED), [ReleaseEvent.REJECTED]),
    Population(
        "Change requests that were carried out",
        lambda: in_stream(ChangeRequest.objects.exclude(deployed_at=None), "change-request"),
        [ReleaseEvent.DEPLOYED],
    ),
]
