"""guardian's rows, recomputed from memberships, roles, teams and environments.

A membership limited to environments holds the verbs of its role that belong to environments there only,
and the verbs that belong to the project as ever: without seeing the project nobody could work in one of
its environments. Where several memberships give the same verb, the one that lasts longest counts.
Machines never hold the verbs that are for people only (docs/adr/0008).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection
from django.utils import timezone

from catalog.models import Project, UserKind
from catalog.nudges import REEVALUATE_PROJECT, nudge
from catalog.permissions import ENVIRONMENT_PERMISSIONS, PROJECT_PERMISSIONS, Permission

ONLY_PEOPLE = frozenset(
    {Permission.APPROVE_CHANGE, Permission.MANAGE_MEMBERS, Permission.MANAGE_SERVICE_ACCOUNTS}
)

_DERIVED: Final = """
WITH held AS (
    SELECT m.id AS membership_id, m.project_id, m.expires_at, r.permissions,
           coalesce(m.user_id, tm.user_id) AS user_id
    FROM catalog_membership m
    JOIN catalog_role r ON r.id = m.role_id
    LEFT JOIN catalog_team_members tm ON tm.team_id = m.team_id
    WHERE {these} AND m.ended_at IS NULL AND (m.expires_at IS NULL OR m.expires_at > {now})
), wanted AS (
    SELECT u.id AS user_id, p.id AS permission_id, place.id AS content_object_id,
           CASE WHEN bool_or(held.expires_at IS NULL) THEN NULL ELSE max(held.expires_at) END
               AS expires_at
    FROM held
    JOIN catalog_user u ON u.id = held.user_id AND u.is_active
    JOIN auth_permission p ON p.codename = ANY(held.permissions) AND p.codename = ANY(%(verbs)s)
    JOIN django_content_type t ON t.id = p.content_type_id
        AND t.app_label = 'catalog' AND t.model = %(model)s
    JOIN {places}
    WHERE u.kind = %(person)s OR p.codename <> ALL(%(only_people)s)
    GROUP BY 1, 2, 3
)
"""
# Everything is one statement per table: what is new is inserted, what lasts otherwise is corrected, what
# is no longer held is removed, and what stays is not touched.
_SYNC: Final = """
{derived}, written AS (
    INSERT INTO {table} AS grants (user_id, permission_id, content_object_id, expires_at)
    SELECT user_id, permission_id, content_object_id, expires_at FROM wanted
    ON CONFLICT (user_id, permission_id, content_object_id)
        DO UPDATE SET expires_at = EXCLUDED.expires_at
        WHERE grants.expires_at IS DISTINCT FROM EXCLUDED.expires_at
)
DELETE FROM {table} grants
WHERE grants.content_object_id IN ({all_places}) AND NOT EXISTS (
    SELECT FROM wanted w WHERE w.user_id = grants.user_id
       AND w.permission_id = grants.permission_id
       AND w.content_object_id = grants.content_object_id
)
"""


@dataclass(frozen=True)
class Grants:
    """One of guardian's tables.

    Attributes:
        table: its name.
        places: SQL that joins a membership with what it is about.
        all_places: SQL for all of these in some projects.
        parameters: which verbs are granted there, and who may not hold which.
    """

    table: str
    places: str
    all_places: str
    parameters: Mapping[str, Any]

    @property
    def derived(self) -> str:
        """SQL: what follows from all memberships now, as ``wanted``; takes the parameters."""
        return _DERIVED.format(these="true", now="now()", places=self.places)

    @property
    def sync(self) -> str:
        """SQL: make the table what the memberships of ``projects`` say at the time ``now``."""
        derived = _DERIVED.format(
            these="m.project_id = ANY(%(projects)s)", now="%(now)s", places=self.places
        )
        return _SYNC.format(derived=derived, table=self.table, all_places=self.all_places)


def _parameters(model: str, permissions: Iterable[Permission]) -> dict[str, Any]:
    return {
        "model": model,
        "verbs": [permission.codename for permission in permissions],
        "person": UserKind.PERSON.value,
        "only_people": [permission.codename for permission in ONLY_PEOPLE],
    }


ON_PROJECTS: Final = Grants(
    table="catalog_projectuserobjectpermission",
    places="catalog_project place ON place.id = held.project_id",
    all_places="SELECT unnest(%(projects)s::bigint[])",
    parameters=_parameters("project", PROJECT_PERMISSIONS),
)
ON_ENVIRONMENTS: Final = Grants(
    table="catalog_environmentuserobjectpermission",
    places="""catalog_environment place ON place.project_id = held.project_id AND (
        EXISTS (SELECT FROM catalog_membership_environments only_here
                WHERE only_here.membership_id = held.membership_id
                  AND only_here.environment_id = place.id)
        OR NOT EXISTS (SELECT FROM catalog_membership_environments only_there
                       WHERE only_there.membership_id = held.membership_id))""",
    all_places="SELECT id FROM catalog_environment WHERE project_id = ANY(%(projects)s)",
    parameters=_parameters("environment", ENVIRONMENT_PERMISSIONS),
)


def sync_grants(*projects: Project) -> None:
    """Make the grants on these projects and their environments what the memberships say; two queries.

    Call it inside the action that changed a membership, a role, a team, an account or an environment, with
    the projects locked (``catalog.locking.locked_projects``): two at once could miss each other's change.
    """
    moment: dict[str, Any] = {
        "projects": [project.pk for project in projects],
        "now": timezone.now(),
    }
    with connection.cursor() as cursor:
        for grants in (ON_PROJECTS, ON_ENVIRONMENTS):
            cursor.execute(grants.sync, {**grants.parameters, **moment})
    for project in projects:
        # Who may sign what is about to begin may have changed with it.
        nudge(REEVALUATE_PROJECT, project.pk)
