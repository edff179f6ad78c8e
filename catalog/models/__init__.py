"""The nouns of the catalog."""

from catalog.models.artifact import DIGEST, Artifact, ArtifactKind, ArtifactVersion
from catalog.models.membership import Membership, Role, Team
from catalog.models.project import (
    Environment,
    EnvironmentUserObjectPermission,
    Project,
    ProjectUserObjectPermission,
    RiskTier,
    Tier,
)
from catalog.models.service_account import ApiToken, ServiceAccount, TokenScope
from catalog.models.user import (
    PORTAL_USERNAME,
    Identity,
    IdentityKind,
    User,
    UserKind,
    the_portal,
)

__all__ = [
    "DIGEST",
    "PORTAL_USERNAME",
    "ApiToken",
    "Artifact",
    "ArtifactKind",
    "ArtifactVersion",
    "Environment",
    "EnvironmentUserObjectPermission",
    "Identity",
    "IdentityKind",
    "Membership",
    "Project",
    "ProjectUserObjectPermission",
    "RiskTier",
    "Role",
    "ServiceAccount",
    "Team",
    "Tier",
    "TokenScope",
    "User",
    "UserKind",
    "the_portal",
]
