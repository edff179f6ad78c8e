"""Rows of the catalog and the events that each of them left; settings.AUDIT_RECONCILIATION names this."""

from typing import Any, Final

from django.db.models import CharField, QuerySet, Value
from django.db.models.functions import Cast, Concat

from audit.completeness.reconciliation import Population
from catalog.audit_events import CatalogEvent
from catalog.models import (
    ApiToken,
    ArtifactVersion,
    Environment,
    Membership,
    Project,
    Role,
    ServiceAccount,
    Team,
    User,
    UserKind,
)


def in_stream(rows: QuerySet[Any, Any], prefix: str, key: str = "pk") -> QuerySet[Any, Any]:
    """Return the streams of the rows' events: a prefix and a column."""
    stream = Concat(Value(f"{prefix}/"), Cast(key, CharField()), output_field=CharField())
    return rows.values_list(stream)


POPULATIONS: Final = [
    Population(
        "Projects",
        lambda: in_stream(Project.objects.all(), "project"),
        [CatalogEvent.PROJECT_CREATED],
    ),
    Population(
        "Environments",
        lambda: in_stream(Environment.objects.all(), "environment"),
        [CatalogEvent.ENVIRONMENT_CREATED],
    ),
    Population(
        "Accounts of people",
        lambda: in_stream(User.objects.filter(kind=UserKind.PERSON), "account", "pseudonym"),
        [CatalogEvent.PERSON_CREATED],
    ),
    Population(
        "Service accounts",
        lambda: in_stream(ServiceAccount.objects.all(), "project", "project_id"),
        [CatalogEvent.SERVICE_ACCOUNT_CREATED],
    ),
    Population("Teams", lambda: in_stream(Team.objects.all(), "team"), [CatalogEvent.TEAM_CREATED]),
    Population(
        "Roles of one's own",
        lambda: in_stream(Role.objects.filter(built_in=False), "role"),
        [CatalogEvent.ROLE_CREATED],
    ),
    Population(
        "Memberships",
        lambda: in_stream(Membership.objects.all(), "project", "project_id"),
        # Whoever creates a project is its first administrator, without a further event.
        [CatalogEvent.MEMBERSHIP_GIVEN, CatalogEvent.PROJECT_CREATED],
        where=(
            f"type <> '{CatalogEvent.PROJECT_CREATED}' OR facts #>> '{{data,first_role}}' IS NOT NULL"
        ),
    ),
    Population(
        "Memberships that ended",
        lambda: in_stream(Membership.objects.exclude(ended_at=None), "project", "project_id"),
        [CatalogEvent.MEMBERSHIP_ENDED, CatalogEvent.MEMBERSHIP_EXPIRED],
    ),
    Population(
        "Tokens",
        lambda: in_stream(ApiToken.objects.all(), "account", "user__pseudonym"),
        [CatalogEvent.TOKEN_ISSUED],
    ),
    Population(
        "Revoked tokens",
        lambda: in_stream(ApiToken.objects.exclude(revoked_at=None), "account", "user__pseudonym"),
        [CatalogEvent.TOKEN_REVOKED],
    ),
    Population(
        "Artifact versions",
        lambda: in_stream(ArtifactVersion.objects.all(), "artifact-version"),
        [CatalogEvent.ARTIFACT_VERSION_REGISTERED],
    ),
]
