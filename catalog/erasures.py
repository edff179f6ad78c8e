"""Reads and moves of erasures that several actions share."""

from audit.privacy.models import Erasure
from audit.privacy.states import ErasureState, ErasureVerb, next_state
from catalog.errors import NotFound, WrongMoment


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
