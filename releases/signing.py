"""What signing yes and signing no have in common."""

from django.db import transaction

from audit.record import record
from catalog.errors import DomainError
from catalog.models import User
from catalog.validation import check_text
from releases.audit_events import ReleaseEvent
from releases.errors import NotAnApprover, SelfApproval, StaleStatement
from releases.evaluation import Evaluation
from releases.models import ChangeRequest, Statement
from releases.queue import nudge_reevaluation
from releases.statement import what_changed

MAX_COMMENT = 4000


def clean_comment(comment: str) -> str:
    """Return the comment without surrounding space.

    Raises:
        InvalidInput: it is too long, or no text.
    """
    return check_text("comment", comment, longest=MAX_COMMENT).strip()


def refuse_stale(change_request: ChangeRequest, signed: str, evaluation: Evaluation) -> None:
    """Refuse a signature under anything but what stands there now.

    Raises:
        StaleStatement: says what changed between what the person saw and now.
    """
    if signed == evaluation.digest:
        return
    nudge_reevaluation(change_request.number)
    seen = Statement.objects.filter(change_request=change_request, digest=signed).first()
    if seen is None:
        raise StaleStatement(
            f"This is not a statement of {change_request.label}. Read it again and sign what it says now.",
            extra={"statement_digest": evaluation.digest, "changed": []},
        )
    changed = what_changed(seen.document, evaluation.document)
    raise StaleStatement(
        f"Since you looked, {', '.join(changed)} changed. Look again and sign what stands there now.",
        extra={"statement_digest": evaluation.digest, "changed": changed},
    )


def record_refusal(number: int, refusal: DomainError, *, by: User) -> None:
    """Record that somebody tried to sign what they may not; other refusals are no attempt to note."""
    if not isinstance(refusal, SelfApproval | NotAnApprover):
        return
    with transaction.atomic(durable=True):
        change_request = ChangeRequest.objects.select_related("project").get(pk=number)
        record(
            ReleaseEvent.APPROVAL_REFUSED,
            subject=change_request,
            by=by,
            outcome="denied",
            code=refusal.code,
            why=refusal.sentence,
        )
