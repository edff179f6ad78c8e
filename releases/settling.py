"""Draw the consequences of an evaluation: results, statement, voided approvals, state.

Works on a change request that the caller has locked, inside the caller's transaction. It is quiet when
nothing changed: evaluating a thousand open requests every few minutes leaves no events behind.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from audit.personal import Personal
from audit.record import record
from catalog.models import User
from releases.audit_events import ReleaseEvent
from releases.evaluation import Evaluation, evaluate
from releases.models import Approval, ChangeRequest, GateResult, Statement
from releases.progress import move
from releases.queue import nudge_carry_out
from releases.standing import rules_as_read
from releases.statement import what_changed
from releases.states import ChangeRequestState, Verb

_GRANTED = (
    ChangeRequestState.APPROVED,
    ChangeRequestState.SCHEDULED,
    ChangeRequestState.QUEUED,
)

_LOOKED_AT = ["blocking", "rules", "waiting_for", "check_again_at"]
"""What may change while the state, the statement and the policy stay what they were."""


def settle(change_request: ChangeRequest, *, by: User, why: str) -> Evaluation:
    """Evaluate the change request and bring everything about it up to date.

    Args:
        change_request: locked by the caller; not begun and not ended.
        by: who caused it; the portal itself in sweeps.
        why: for people, the occasion, such as "new evidence arrived".
    """
    evaluation = evaluate(change_request, at=timezone.now())
    changes = _changes(change_request, evaluation)
    _void_approvals(change_request, evaluation, changes, by=by)
    stays = _stays(change_request, evaluation)
    if not stays and change_request.state != ChangeRequestState.CHECKING:
        move(change_request, Verb.CHECK, ReleaseEvent.CHECKING, by=by, why=why)
    _keep(change_request, evaluation)
    if not stays:
        _advance(change_request, evaluation, by=by)
    elif change_request.state == ChangeRequestState.AWAITING_APPROVAL and evaluation.may_go:
        release_for_carry_out(change_request, evaluation, by=by)
    else:
        # The columns that ask for an event (state, statement, policy) are as they were; naming
        # them in an UPDATE would make the database ask all the same.
        change_request.save(update_fields=_LOOKED_AT)
    return evaluation


def _stays(change_request: ChangeRequest, evaluation: Evaluation) -> bool:
    """Return whether the present state still says what the evaluation says."""
    same = bool(change_request.statement and change_request.statement.digest == evaluation.digest)
    match change_request.state:
        case ChangeRequestState.BLOCKED:
            blocking = bool(evaluation.blocking)
            return same and blocking and change_request.blocking == evaluation.blocking
        case ChangeRequestState.AWAITING_APPROVAL:
            return same and not evaluation.blocking
        case state if state in _GRANTED:
            return same and evaluation.may_go
        case _:
            return False


def _changes(change_request: ChangeRequest, evaluation: Evaluation) -> list[str]:
    before = change_request.statement
    if before is None or before.digest == evaluation.digest:
        return []
    return what_changed(before.document, evaluation.document)


def _void_approvals(
    change_request: ChangeRequest, evaluation: Evaluation, changes: list[str], *, by: User
) -> None:
    """Void what was signed for something else, or by somebody who may no longer sign."""
    still = {approval.pk for approval in evaluation.approvals}
    fallen = [
        approval
        for approval in change_request.approvals.filter(
            voided_at=None, decision="approved"
        ).select_related("person")
        if approval.pk not in still
    ]
    if not fallen:
        return
    what = ", ".join(changes) or "the standing of those who signed, or its time ran out,"
    Approval.objects.filter(pk__in=[approval.pk for approval in fallen]).update(
        voided_at=evaluation.at, void_reason=f"{what} changed"[:500]
    )
    record(
        ReleaseEvent.APPROVALS_VOIDED,
        subject=change_request,
        by=by,
        private={"people": _names_of(fallen)},
        approvals=[approval.pk for approval in fallen],
        what=what,
    )


def _names_of(fallen: Sequence[Approval]) -> Personal:
    names = ", ".join(approval.person_name for approval in fallen)
    return Personal(names, *(approval.person.pseudonym for approval in fallen))


def _keep(change_request: ChangeRequest, evaluation: Evaluation) -> None:
    """Keep what people and clients read: results, statement, rules, who could help."""
    GateResult.objects.filter(change_request=change_request).delete()
    GateResult.objects.bulk_create(
        GateResult(
            change_request=change_request,
            position=position,
            name=finding.gate,
            item=finding.item,
            outcome=finding.outcome.outcome,
            detail=finding.outcome.sentence,
            satisfied_by=finding.outcome.satisfied_by,
            evidence=finding.evidence,
            evaluated_at=evaluation.at,
        )
        for position, finding in enumerate(evaluation.gates)
    )
    change_request.statement, _ = Statement.objects.get_or_create(
        change_request=change_request,
        digest=evaluation.digest,
        defaults={"document": dict(evaluation.document)},
    )
    change_request.policy_version = evaluation.policy_version
    change_request.blocking = evaluation.blocking
    change_request.rules = rules_as_read(evaluation)
    change_request.waiting_for = evaluation.could_help()
    change_request.check_again_at = _next_look(change_request, evaluation)


def _next_look(change_request: ChangeRequest, evaluation: Evaluation) -> datetime:
    ends = [evaluation.look_again_at, change_request.expires_at]
    if change_request.state == ChangeRequestState.SCHEDULED:
        ends.append(change_request.not_before)
    return min(end for end in ends if end is not None)


def _advance(change_request: ChangeRequest, evaluation: Evaluation, *, by: User) -> None:
    """Take the change request from checking as far as it may go now."""
    digest = evaluation.digest
    if evaluation.blocking:
        why = " ".join(evaluation.blocking)
        move(
            change_request,
            Verb.BLOCK,
            ReleaseEvent.BLOCKED,
            by=by,
            why=why[:2000],
            statement_digest=digest,
        )
        return
    rules = ", ".join(f"{rule.required} of {rule.name}" for rule in evaluation.quorum.rules)
    move(
        change_request,
        Verb.ASK,
        ReleaseEvent.AWAITING_APPROVAL,
        by=by,
        rules=rules or "nobody (the policy has no approval rules)",
        statement_digest=digest,
    )
    if evaluation.may_go:
        release_for_carry_out(change_request, evaluation, by=by)


def release_for_carry_out(
    change_request: ChangeRequest, evaluation: Evaluation, *, by: User
) -> None:
    """Awaiting approval → approved → scheduled or queued."""
    move(
        change_request,
        Verb.APPROVE,
        ReleaseEvent.ALL_RULES_MET,
        by=by,
        statement_digest=evaluation.digest,
        counted=_counted(evaluation),
    )
    if change_request.not_before and change_request.not_before > timezone.now():
        until = f"{change_request.not_before:%Y-%m-%d %H:%M} UTC"
        change_request.check_again_at = change_request.not_before
        move(change_request, Verb.SCHEDULE, ReleaseEvent.SCHEDULED, by=by, until=until)
    else:
        enqueue(change_request, by=by)


def enqueue(change_request: ChangeRequest, *, by: User) -> None:
    """Put it into the queue of its environment and tell a worker."""
    name = change_request.environment.name
    move(change_request, Verb.QUEUE, ReleaseEvent.QUEUED, by=by, environment=name)
    nudge_carry_out(change_request.number)


def _counted(evaluation: Evaluation) -> list[dict[str, Any]]:
    """Return which approval counted for which rule; ids and rule names only."""
    assignment = evaluation.quorum.assignment
    return [
        {"approval": approval.pk, "rule": assignment[approval.person_id]}
        for approval in evaluation.approvals
        if approval.person_id in assignment
    ]
