"""The life cycle of a retraining request, as data.

::

    requested ──→ triggered ──→ running ──→ returned
        ↑  ↘        ↑    ↘         │
        │   unclear ┘     └────────┼→ failed · expired · withdrawn
        └──────┘                   │       ↓
                                   └─  returned, if the version comes late all the same

``unclear`` waits for a person: the call may or may not have begun a training, and the tool cannot tell. A
version that comes back ends everything but ``withdrawn``. What is not in the table is refused, and a
test walks the table's complement.
"""

from typing import Final

from django.db.models import TextChoices


class RetrainingState(TextChoices):
    """Where a retraining request stands."""

    REQUESTED = "requested", "Requested"
    UNCLEAR = "unclear", "Somebody must look"
    TRIGGERED = "triggered", "Triggered"
    RUNNING = "running", "Training"
    RETURNED = "returned", "Returned"
    FAILED = "failed", "Failed"
    EXPIRED = "expired", "Expired"
    WITHDRAWN = "withdrawn", "Withdrawn"


class RetrainingVerb(TextChoices):
    """What can happen to it."""

    CALL_AGAIN = "call_again", "call again"
    DOUBT = "doubt", "doubt"
    TRIGGER = "trigger", "trigger"
    RUN = "run", "run"
    RETURN = "return", "return"
    FAIL = "fail", "fail"
    EXPIRE = "expire", "expire"
    WITHDRAW = "withdraw", "withdraw"


_S, _V = RetrainingState, RetrainingVerb

OPEN: Final = (_S.REQUESTED, _S.UNCLEAR, _S.TRIGGERED, _S.RUNNING)
"""A model has at most one of these."""

TRANSITIONS: Final[dict[tuple[RetrainingState, RetrainingVerb], RetrainingState]] = {
    (_S.REQUESTED, _V.TRIGGER): _S.TRIGGERED,
    (_S.REQUESTED, _V.DOUBT): _S.UNCLEAR,
    (_S.UNCLEAR, _V.TRIGGER): _S.TRIGGERED,
    (_S.UNCLEAR, _V.CALL_AGAIN): _S.REQUESTED,
    (_S.TRIGGERED, _V.RUN): _S.RUNNING,
    (_S.REQUESTED, _V.FAIL): _S.FAILED,
    (_S.TRIGGERED, _V.FAIL): _S.FAILED,
    (_S.RUNNING, _V.FAIL): _S.FAILED,
    **{(state, _V.RETURN): _S.RETURNED for state in (*OPEN, _S.FAILED, _S.EXPIRED)},
    **{(state, _V.EXPIRE): _S.EXPIRED for state in OPEN},
    **{(state, _V.WITHDRAW): _S.WITHDRAWN for state in OPEN},
}


def after(state: str, verb: RetrainingVerb) -> RetrainingState | None:
    """Return the state that follows; None when the verb is refused there."""
    return TRANSITIONS.get((RetrainingState(state), verb))
