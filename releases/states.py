"""The life cycle of a change request, as data.

::

    submit → checking ─────────→ awaiting_approval → approved → scheduled → queued
                ↑  ↘ blocked ↗     │                                          │
                │                  ├→ rejected · expired                      ↓
                │                  ├→ withdrawn · superseded              deploying → verifying → deployed
                │                                                             └────┬────┘            │
                └── content, policy, evidence,                    failed · errored ┤            rolled_back
                    approver standing or clock changed           aborted_by_freeze ┘

``rejected`` is final and not ``expired``; ``failed`` is a definite no and not ``errored`` (could not tell).
What is not in the table is refused, and a test walks the table's complement.
"""

from django.db.models import TextChoices


class ChangeRequestState(TextChoices):
    """Where a change request stands."""

    SUBMITTED = "submitted", "Submitted"
    CHECKING = "checking", "Checking"
    BLOCKED = "blocked", "Blocked"
    AWAITING_APPROVAL = "awaiting_approval", "Awaiting approval"
    APPROVED = "approved", "Approved"
    SCHEDULED = "scheduled", "Scheduled"
    QUEUED = "queued", "Queued"
    DEPLOYING = "deploying", "Deploying"
    VERIFYING = "verifying", "Verifying"
    DEPLOYED = "deployed", "Deployed"
    REJECTED = "rejected", "Rejected"
    EXPIRED = "expired", "Expired"
    WITHDRAWN = "withdrawn", "Withdrawn"
    SUPERSEDED = "superseded", "Superseded"
    FAILED = "failed", "Failed"
    ERRORED = "errored", "Errored"
    ABORTED_BY_FREEZE = "aborted_by_freeze", "Aborted by freeze"
    ROLLED_BACK = "rolled_back", "Rolled back"


class Verb(TextChoices):
    """What can happen to a change request."""

    CHECK = "check", "check"
    BLOCK = "block", "block"
    ASK = "ask", "ask for approval"
    APPROVE = "approve", "approve"
    SCHEDULE = "schedule", "schedule"
    QUEUE = "queue", "queue"
    START = "start", "start deploying"
    VERIFY = "verify", "verify"
    FINISH = "finish", "finish"
    REJECT = "reject", "reject"
    EXPIRE = "expire", "expire"
    WITHDRAW = "withdraw", "withdraw"
    SUPERSEDE = "supersede", "supersede"
    FAIL = "fail", "fail"
    GIVE_UP = "give_up", "give up on"
    ABORT = "abort", "abort"
    ROLL_BACK = "roll_back", "roll back"


_S = ChangeRequestState
_WAITING = (_S.CHECKING, _S.BLOCKED, _S.AWAITING_APPROVAL)
_GRANTED = (_S.APPROVED, _S.SCHEDULED, _S.QUEUED)
_ACTING = (_S.DEPLOYING, _S.VERIFYING)

TRANSITIONS: dict[tuple[ChangeRequestState, Verb], ChangeRequestState] = {
    (_S.SUBMITTED, Verb.CHECK): _S.CHECKING,
    (_S.CHECKING, Verb.BLOCK): _S.BLOCKED,
    (_S.CHECKING, Verb.ASK): _S.AWAITING_APPROVAL,
    (_S.AWAITING_APPROVAL, Verb.APPROVE): _S.APPROVED,
    (_S.APPROVED, Verb.SCHEDULE): _S.SCHEDULED,
    (_S.APPROVED, Verb.QUEUE): _S.QUEUED,
    (_S.SCHEDULED, Verb.QUEUE): _S.QUEUED,
    (_S.QUEUED, Verb.START): _S.DEPLOYING,
    (_S.DEPLOYING, Verb.VERIFY): _S.VERIFYING,
    (_S.VERIFYING, Verb.FINISH): _S.DEPLOYED,
    (_S.DEPLOYED, Verb.ROLL_BACK): _S.ROLLED_BACK,
    **{(state, Verb.CHECK): _S.CHECKING for state in (_S.BLOCKED, _S.AWAITING_APPROVAL, *_GRANTED)},
    **{(state, Verb.REJECT): _S.REJECTED for state in (*_WAITING, *_GRANTED)},
    **{(state, Verb.WITHDRAW): _S.WITHDRAWN for state in (_S.SUBMITTED, *_WAITING, *_GRANTED)},
    **{(state, Verb.EXPIRE): _S.EXPIRED for state in (_S.SUBMITTED, *_WAITING, *_GRANTED)},
    **{(state, Verb.SUPERSEDE): _S.SUPERSEDED for state in (*_WAITING, *_GRANTED)},
    **{(state, Verb.FAIL): _S.FAILED for state in _ACTING},
    **{(state, Verb.GIVE_UP): _S.ERRORED for state in _ACTING},
    **{(state, Verb.ABORT): _S.ABORTED_BY_FREEZE for state in _ACTING},
}

OPEN = frozenset({_S.SUBMITTED, *_WAITING, *_GRANTED})
"""Not yet begun: content, policy and evidence still matter."""

CHECKED_AGAIN = frozenset({_S.BLOCKED, _S.AWAITING_APPROVAL, *_GRANTED})
"""Evaluated again when something they depend on changes."""

FINAL = frozenset(
    {
        _S.DEPLOYED,
        _S.REJECTED,
        _S.EXPIRED,
        _S.WITHDRAWN,
        _S.SUPERSEDED,
        _S.FAILED,
        _S.ERRORED,
        _S.ABORTED_BY_FREEZE,
        _S.ROLLED_BACK,
    }
)
"""Nothing moves them any more, except ``deployed`` to ``rolled_back``."""

STUCK = (_S.FAILED, _S.ERRORED, _S.REJECTED, _S.EXPIRED, _S.ABORTED_BY_FREEZE)
"""Ended otherwise than wished: whoever asked for it has to ask again."""
