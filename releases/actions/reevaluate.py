"""Evaluate an open change request again: evidence, policy, target, people or the clock may have changed."""

from django.db import transaction
from django.utils import timezone

from catalog.models import User
from releases.audit_events import ReleaseEvent
from releases.evaluation import Evaluation
from releases.locking import lock_change_request
from releases.models import ChangeRequest
from releases.progress import move
from releases.settling import enqueue, settle
from releases.states import CHECKED_AGAIN, OPEN, ChangeRequestState, Verb


@transaction.atomic(durable=True)
def reevaluate(
    number: int, *, why: str = "something it depends on changed", by: User
) -> ChangeRequest:
    """Bring the change request up to date; expire it when its time has run out.

    Does nothing to one that has begun or ended. Safe to repeat.
    """
    change_request = lock_change_request(number)
    if change_request.state not in OPEN:
        return change_request
    now = timezone.now()
    if change_request.expires_at and change_request.expires_at <= now:
        move(change_request, Verb.EXPIRE, ReleaseEvent.EXPIRED, by=by)
        return change_request
    if change_request.state in CHECKED_AGAIN:
        settle(change_request, by=by, why=why)
    if _is_due(change_request):
        enqueue(change_request, by=by)
    return change_request


def still_stands(change_request: ChangeRequest, *, by: User) -> Evaluation | None:
    """Check a queued, locked change request once more before it begins.

    Returns None when it is approved for exactly what is there now; otherwise the evaluation that has
    just moved it back, and the caller must leave it alone.
    """
    evaluation = settle(change_request, by=by, why="it was about to begin")
    return None if change_request.state == ChangeRequestState.QUEUED else evaluation


def _is_due(change_request: ChangeRequest) -> bool:
    return change_request.state == ChangeRequestState.SCHEDULED and (
        change_request.not_before is None or change_request.not_before <= timezone.now()
    )
