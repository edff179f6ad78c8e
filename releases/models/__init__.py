"""The nouns of the decision."""

from releases.models.change_request import (
    Approval,
    ApprovalDecision,
    ChangeKind,
    ChangeRequest,
    GateOutcomeChoice,
    GateResult,
    Statement,
)
from releases.models.evidence import Evidence, EvidenceOutcome
from releases.models.policy import Policy, PolicyActivation, PolicyVersion
from releases.models.release import Release, ReleaseItem

__all__ = [
    "Approval",
    "ApprovalDecision",
    "ChangeKind",
    "ChangeRequest",
    "Evidence",
    "EvidenceOutcome",
    "GateOutcomeChoice",
    "GateResult",
    "Policy",
    "PolicyActivation",
    "PolicyVersion",
    "Release",
    "ReleaseItem",
    "Statement",
]
