"""What the decision may refuse."""

from catalog.errors import (
    Conflict,
    DomainError,
    InvalidInput,
    NotFound,
    Unavailable,
    WrongMoment,
)


class IllegalTransition(WrongMoment):
    """The life cycle has no such step."""

    code = "wrong_state"


class NotAnApprover(DomainError):
    """No approval rule of this change request counts this person."""

    code = "not_an_approver"


class SelfApproval(DomainError):
    """Nobody approves their own change: requester, sealer, author, trainer."""

    code = "own_change"


class AlreadyDecided(Conflict):
    """One person decides once on one statement."""

    code = "already_decided"


class StaleStatement(Conflict):
    """What would be signed is no longer what stands there; says what changed."""

    code = "stale_statement"


class AccessChanged(Conflict):
    """Who may do what is no longer what the owner of a review saw."""

    code = "access_changed"


class CardChanged(Conflict):
    """Somebody saved the model card meanwhile."""

    code = "card_changed"


class OwnCard(SelfApproval):
    """Nobody reviews what they wrote themselves."""

    code = "own_card"


class EvidenceRefused(InvalidInput):
    """The uploaded report cannot be evidence."""

    code = "evidence_refused"


class EvidenceNotKept(Unavailable):
    """The server's disk did not take the report; nothing was recorded."""

    code = "evidence_not_kept"


class EvidenceLost(NotFound):
    """The report was recorded, but the store no longer has its bytes, or has others."""

    code = "evidence_lost"


class PolicyRefused(InvalidInput):
    """The policy document is wrong, or nobody could ever satisfy it."""

    code = "policy_refused"


class ReleaseRefused(InvalidInput):
    """The release cannot be sealed like this."""

    code = "release_refused"
