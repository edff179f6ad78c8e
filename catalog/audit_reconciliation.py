"""Rows of the catalog and the events that each of them left; settings.AUDIT_RECONCILIATION names this."""

from typing import Any, Final

from django.db.models import CharField, QuerySet, Value
from django.db.models.functions import Cast, Concat

from audit.completeness.reconciliation import LISTED_IN, Agreement, Population
from audit.privacy.events import PrivacyEvent
from catalog.audit_events import CatalogEvent
from catalog.audit_rights import RIGHTS
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
from catalog.permissions import PortalPermission

_NOT_ERASED: Final = f"""
NOT EXISTS (SELECT FROM audit_event x WHERE x.type = '{PrivacyEvent.ERASED}'
    AND x.facts #>> '{{data,subject_id}}' = e.facts #>> '{{object,id}}')
"""
_OF_THE_PORTAL: Final = ", ".join(
    "'{}'".format(each.value.partition(".")[2]) for each in PortalPermission
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
    # Who holds these reads or administers everything, and a count would not see them change hands.
    Agreement(
        "Superusers",
        # The portal itself may do what a superuser may, and nobody else is of its kind; a service account
        # that became a person may sign.
        held="""SELECT pseudonym, CASE WHEN is_superuser THEN 'superuser' ELSE kind END FROM catalog_user
            WHERE is_superuser OR (kind = 'system' AND username <> 'gatehouse') OR (kind <> 'service'
                AND EXISTS (SELECT FROM catalog_serviceaccount s WHERE s.user_id = catalog_user.id))""",
        told=f"""SELECT DISTINCT e.facts #>> '{{object,id}}', 'superuser' FROM entries e
            WHERE e.type = '{CatalogEvent.PERSON_CREATED}' AND e.facts #> '{{data,superuser}}' = 'true'
                AND {_NOT_ERASED}""",
    ),
    Agreement(
        "Portal permissions",
        held=f"""SELECT u.pseudonym, string_agg(p.codename, ' ' ORDER BY p.codename COLLATE "C")
            FROM catalog_user u JOIN (
                SELECT user_id, permission_id FROM catalog_user_user_permissions
                UNION SELECT m.user_id, g.permission_id FROM catalog_user_groups m
                    JOIN auth_group_permissions g USING (group_id)
            ) AS g ON g.user_id = u.id JOIN auth_permission p ON p.id = g.permission_id
            WHERE p.codename IN ({_OF_THE_PORTAL}) GROUP BY 1""",
        told=f"""SELECT * FROM (
                SELECT DISTINCT ON (e.facts #>> '{{object,id}}') e.facts #>> '{{object,id}}',
                    (SELECT string_agg(name, ' ' ORDER BY name COLLATE "C")
                        FROM {LISTED_IN.format("e.facts #> '{data,after}'")} AS name) AS held
                FROM entries e
                WHERE e.type = '{CatalogEvent.PORTAL_PERMISSIONS_CHANGED}' AND {_NOT_ERASED}
                ORDER BY 1, e.id DESC
            ) AS newest WHERE held IS NOT NULL""",
    ),
    *RIGHTS,
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
