"""The nouns of the decision."""

from releases.models.access_review import (
    AccessDecision,
    AccessReview,
    AccessReviewState,
    AccessVerdict,
)
from releases.models.card import CardReview, CardRevision, CardSource, ModelCard
from releases.models.change_request import (
    Approval,
    ApprovalDecision,
    ChangeKind,
    ChangeRequest,
    GateResult,
    Statement,
)
from releases.models.evidence import DATA_KINDS, Evidence
from releases.models.policy import Policy, PolicyActivation, PolicyVersion
from releases.models.release import Release, ReleaseItem

__all__ = [
    "DATA_KINDS",
    "AccessDecision",
    "AccessReview",
    "AccessReviewState",
    "AccessVerdict",
    "Approval",
    "ApprovalDecision",
    "CardReview",
    "CardRevision",
    "CardSource",
    "ChangeKind",
    "ChangeRequest",
    "Evidence",
    "GateResult",
    "ModelCard",
    "Policy",
    "PolicyActivation",
    "PolicyVersion",
    "Release",
    "ReleaseItem",
    "Statement",
]
