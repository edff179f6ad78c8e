"""Reject a change request: one no is enough, and it is final."""

from django.db import transaction
from django.utils import timezone

from catalog.errors import DomainError, InvalidInput
from catalog.models import User
from catalog.permissions import Permission, require
from releases.audit_events import ReleaseEvent
from releases.errors import IllegalTransition, NotAnApprover
from releases.evaluation import Evaluation, evaluate
from releases.locking import lock_change_request
from releases.models import Approval, ApprovalDecision, ChangeRequest
from releases.progress import move
from releases.signing import clean_comment, record_refusal, refuse_stale
from releases.states import Verb


def reject(number: int, *, statement_digest: str, comment: str, by: User) -> ChangeRequest:
    """Sign no, with the reason. A new request is made ("clone as new") if it is to be tried again.

    Raises:
        NotPermitted, NotAnApprover: the person may not decide here.
        InvalidInput: no reason was given.
        StaleStatement: something changed since the person looked; says what.
        IllegalTransition: it is decided or carried out already.
    """
    try:
        return _reject(number, statement_digest=statement_digest, comment=comment, by=by)
    except DomainError as refusal:
        record_refusal(number, refusal, by=by)
        raise


@transaction.atomic(durable=True)
def _reject(number: int, *, statement_digest: str, comment: str, by: User) -> ChangeRequest:
    change_request = lock_change_request(number)
    require(Permission.APPROVE_CHANGE, by, change_request.environment)
    comment = clean_comment(comment)
    if not comment:
        raise InvalidInput.of("comment", "Say why: a rejection without a reason helps nobody.")
    change_request.next_state(Verb.REJECT)
    evaluation = evaluate(change_request, at=timezone.now())
    _ensure_may_decide(evaluation, by=by)
    refuse_stale(change_request, statement_digest, evaluation)
    if change_request.statement is None:
        raise IllegalTransition(f"{change_request.label} is still being checked.")
    now = timezone.now()
    change_request.approvals.filter(person=by, voided_at=None).update(
        voided_at=now, void_reason="the same person rejected it later"
    )
    approval = Approval.objects.create(
        change_request=change_request,
        statement=change_request.statement,
        person=by,
        person_name=by.display_name,
        roles=list(evaluation.approvers.roles.get(by.pk, ())) if evaluation.approvers else [],
        decision=ApprovalDecision.REJECTED,
        comment=comment,
    )
    move(
        change_request,
        Verb.REJECT,
        ReleaseEvent.REJECTED,
        by=by,
        private={"comment": comment},
        approval=approval.pk,
        statement_digest=statement_digest,
        roles=approval.roles,
    )
    return change_request


def _ensure_may_decide(evaluation: Evaluation, *, by: User) -> None:
    """Whoever holds a role that a rule names may say no, also to their own change."""
    holders = evaluation.approvers.holders.values() if evaluation.approvers else ()
    if not by.is_person or not any(by.pk in people for people in holders):
        raise NotAnApprover("No approval rule of this change request counts you.")
