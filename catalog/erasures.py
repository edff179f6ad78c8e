"""Reads and moves of erasures that several actions share."""

from audit.privacy.models import Erasure
from audit.privacy.states import ErasureState, ErasureVerb, next_state
from catalog.errors import NotFound, WrongMoment
from catalog.models import User
from catalog.permissions import PortalPermission, allowed_portal, require_portal


def locked_erasure(erasure_id: int) -> Erasure:
    """Return the erasure, locked until the transaction ends.

    Raises:
        NotFound: there is none.
    """
    rows = Erasure.objects.select_for_update(of=("self",)).select_related("account")
    erasure = rows.filter(pk=erasure_id).first()
    if erasure is None:
        raise NotFound(f"There is no erasure {erasure_id}.")
    return erasure


def moved(erasure: Erasure, verb: ErasureVerb) -> ErasureState:
    """Return the state to which the verb leads.

    Raises:
        WrongMoment: it leads nowhere from here.
    """
    state = next_state(erasure.state, verb)
    if state is None:
        label = ErasureState(erasure.state).label.lower()
        raise WrongMoment(f"The {erasure} is: {label}. One cannot {verb.value} it now.")
    return state


def require_sight(user: User) -> None:
    """Let those see erasures, holds and periods who look after them, and those who audit everything.

    Raises:
        NotPermitted: the account is neither.
    """
    if not allowed_portal(user, PortalPermission.VIEW_WHOLE_AUDIT):
        require_portal(PortalPermission.MANAGE_PRIVACY, user)
