"""What the actions about retraining share: who may, the row under its lock, its next state."""

from django.db.models import QuerySet
from django.utils import timezone

from catalog.errors import InvalidInput
from catalog.models import Project, User
from catalog.permissions import Permission, allowed, require
from catalog.validation import check_text
from models_registry.errors import LeaseLost, NotNow
from models_registry.models import RetrainingRequest
from models_registry.states import RetrainingState, RetrainingVerb, after

LONGEST_TEXT = 2000


def require_asking(user: User, project: Project) -> None:
    """Let those ask who may register versions, and those who run the project.

    Raises:
        NotPermitted: they are neither.
    """
    if not allowed(user, Permission.MANAGE_PROJECT, project):
        require(Permission.REGISTER_ARTIFACT, user, project)


def said(field: str, text: str, *, what: str) -> str:
    """Return a text that must not be empty.

    Raises:
        InvalidInput: it is, or it is too long; ``what`` says what is wanted.
    """
    plain = check_text(field, text, longest=LONGEST_TEXT).strip()
    if not plain:
        raise InvalidInput.of(field, what)
    return plain


def locked_request(pk: int) -> RetrainingRequest:
    """Return the request as it is now, locked until the transaction ends."""
    return locked_requests().get(pk=pk)


def locked_requests() -> QuerySet[RetrainingRequest]:
    """Return a query of requests that locks what it finds."""
    rows = RetrainingRequest.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("model__registry__project", "trigger")


def held_request(pk: int, holder: str) -> RetrainingRequest:
    """Return the same, if this worker holds its lease and it has not ended.

    Raises:
        LeaseLost: another worker does, or it has.
    """
    row = locked_request(pk)
    if row.lease_holder != holder or not row.is_open:
        raise LeaseLost(f"{row.label} is not {holder}'s any more.")
    return row


def move(row: RetrainingRequest, verb: RetrainingVerb) -> None:
    """Let the row be in the next state; unsaved.

    Raises:
        NotNow: the verb is refused in its present state.
    """
    state = after(row.state, verb)
    if state is None:
        raise NotNow(
            f"{row.label} is {row.get_state_display().lower()}; one cannot {verb.label} it then."
        )
    row.state = state
    if not row.is_open:
        row.ended_at, row.lease_holder = timezone.now(), ""
    elif state == RetrainingState.UNCLEAR:
        row.lease_holder, row.try_at = "", row.expires_at
