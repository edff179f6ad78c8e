"""Approve a change request: one person's signature under one statement."""

from django.db import transaction
from django.utils import timezone

from audit.record import record
from catalog.errors import DomainError
from catalog.models import User
from catalog.permissions import Permission, require
from releases.audit_events import ReleaseEvent
from releases.errors import AlreadyDecided, IllegalTransition, NotAnApprover, SelfApproval
from releases.evaluation import Evaluation, evaluate
from releases.locking import lock_change_request
from releases.models import Approval, ApprovalDecision, ChangeRequest, Statement
from releases.settling import settle
from releases.signing import clean_comment, record_refusal, refuse_stale
from releases.states import ChangeRequestState


def approve(number: int, *, statement_digest: str, comment: str = "", by: User) -> ChangeRequest:
    """Sign yes.

    A refusal is recorded too, in a transaction of its own.

    Args:
        statement_digest: the statement that the person saw.

    Raises:
        NotPermitted: no role here allows signing.
        SelfApproval: it is the person's own change.
        NotAnApprover: no rule of the policy counts this person.
        AlreadyDecided: the person has signed this statement.
        StaleStatement: something changed since the person looked; says what.
        IllegalTransition: it does not await approval.
    """
    try:
        return _approve(number, statement_digest=statement_digest, comment=comment, by=by)
    except DomainError as refusal:
        record_refusal(number, refusal, by=by)
        raise


@transaction.atomic(durable=True)
def _approve(number: int, *, statement_digest: str, comment: str, by: User) -> ChangeRequest:
    change_request = lock_change_request(number)
    require(Permission.APPROVE_CHANGE, by, change_request.environment)
    comment = clean_comment(comment)
    evaluation = evaluate(change_request, at=timezone.now())
    ensure_may_sign(change_request, evaluation, by=by)
    _refuse_twice(change_request, by=by)
    refuse_stale(change_request, statement_digest, evaluation)
    statement = _ensure_awaited(change_request)
    roles = list(evaluation.approvers.roles.get(by.pk, ())) if evaluation.approvers else []
    approval = Approval.objects.create(
        change_request=change_request,
        statement=statement,
        person=by,
        person_name=by.display_name,
        roles=roles,
        decision=ApprovalDecision.APPROVED,
        comment=comment,
    )
    record(
        ReleaseEvent.APPROVED,
        subject=change_request,
        by=by,
        private={"comment": comment},
        approval=approval.pk,
        statement_digest=statement_digest,
        roles=roles,
        as_roles=f" as {', '.join(roles)}" if roles else "",
        meaning="approval",
    )
    settle(change_request, by=by, why="an approval was given")
    return change_request


def ensure_may_sign(change_request: ChangeRequest, evaluation: Evaluation, *, by: User) -> None:
    """Refuse whoever the rules do not count, or whose own change this is."""
    if not by.is_person:
        raise NotAnApprover("Only a person can sign; a service account cannot.")
    approvers = evaluation.approvers
    if approvers is None or evaluation.policy is None:
        raise IllegalTransition(
            f"No policy is in force in {change_request.environment.name}: there is nothing to sign."
        )
    if by.pk in approvers.excluded:
        raise SelfApproval(
            f"Nobody approves their own change: you {approvers.excluded[by.pk]}. "
            "Somebody else who holds the role must sign."
        )
    if not any(by.pk in people for people in approvers.holders.values()):
        names = ", ".join(rule.title or rule.name for rule in evaluation.policy.approvals)
        raise NotAnApprover(
            f"The policy asks for {names or 'nobody'}, and you hold none of these roles here."
        )


def _refuse_twice(change_request: ChangeRequest, *, by: User) -> None:
    if change_request.approvals.filter(person=by, voided_at=None).exists():
        raise AlreadyDecided(f"You have already signed {change_request.label}; once is enough.")


def _ensure_awaited(change_request: ChangeRequest) -> Statement:
    statement = change_request.statement
    if change_request.state == ChangeRequestState.AWAITING_APPROVAL and statement is not None:
        return statement
    label = ChangeRequestState(change_request.state).label.lower()
    raise IllegalTransition(
        f"{change_request.label} is {label}; only one that awaits approval can be approved."
    )
