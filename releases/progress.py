"""Moves along the life cycle: the state and its event together, on a row that the caller has locked.

These are no actions. An action (or the carry-out) calls them inside its own transaction.
"""

from typing import Any

from django.utils import timezone

from audit.record import Receipt, record
from catalog.models import User
from releases.audit_events import ReleaseEvent
from releases.models import ChangeKind, ChangeRequest
from releases.states import FINAL, Verb


def move(
    change_request: ChangeRequest,
    verb: Verb,
    event: ReleaseEvent,
    *,
    by: User,
    outcome: str = "success",
    private: dict[str, str] | None = None,
    **data: Any,
) -> Receipt:
    """Take one step and record it.

    Raises:
        IllegalTransition: the life cycle has no such step from here.
    """
    before = change_request.state
    change_request.state = change_request.next_state(verb)
    change_request.state_since = timezone.now()
    if change_request.state in FINAL:
        change_request.blocking = []
        change_request.waiting_for = []
        change_request.check_again_at = None
    change_request.save()
    return record(
        event,
        subject=change_request,
        by=by,
        outcome=outcome,
        private=private,
        before=before,
        after=str(change_request.state),
        **data,
    )


def begin(change_request: ChangeRequest, *, by: User) -> None:
    """Queued → deploying."""
    change_request.check_again_at = None
    move(change_request, Verb.START, ReleaseEvent.DEPLOYING, by=by)


def verify(change_request: ChangeRequest, *, by: User) -> None:
    """Deploying → verifying."""
    move(change_request, Verb.VERIFY, ReleaseEvent.VERIFYING, by=by)


def finish(change_request: ChangeRequest, *, by: User, what: str) -> None:
    """Verifying → deployed; a rollback marks what it replaced as rolled back.

    Args:
        what: for people, what was verified, such as "2 workloads run the approved digests".
    """
    if change_request.kind == ChangeKind.ROLLBACK:
        _mark_rolled_back(change_request, by=by)
    change_request.deployed_at = timezone.now()
    move(
        change_request,
        Verb.FINISH,
        ReleaseEvent.DEPLOYED,
        by=by,
        environment=change_request.environment.name,
        release=change_request.release.version,
        content_digest=change_request.release.content_digest,
        what=what,
    )


def fail(change_request: ChangeRequest, *, by: User, why: str) -> None:
    """Deploying or verifying → failed: a definite no, in the target's own words."""
    move(change_request, Verb.FAIL, ReleaseEvent.FAILED, by=by, outcome="failure", why=why)


def give_up(change_request: ChangeRequest, *, by: User, why: str) -> None:
    """Deploying or verifying → errored: nobody could tell."""
    move(change_request, Verb.GIVE_UP, ReleaseEvent.ERRORED, by=by, outcome="error", why=why)


def _mark_rolled_back(change_request: ChangeRequest, *, by: User) -> None:
    replaced = (
        ChangeRequest.objects.select_for_update(of=("self",))
        .filter(environment_id=change_request.environment_id, state="deployed")
        .order_by("-deployed_at", "-number")
        .first()
    )
    if replaced is not None:
        move(
            replaced,
            Verb.ROLL_BACK,
            ReleaseEvent.ROLLED_BACK,
            by=by,
            by_request=change_request.label,
        )
