"""guardian's rows, recomputed from memberships, roles, teams and environments.

A membership limited to environments holds the verbs of its role that belong to environments there only,
and the verbs that belong to the project as ever: without seeing the project nobody could work in one of
its environments. Where several memberships give the same verb, the one that lasts longest counts.
Machines never hold the verbs that are for people only (docs/adr/0008).
"""

from typing import Any

from django.db import connection
from django.utils import timezone

from catalog.models import Project, UserKind
from catalog.nudges import REEVALUATE_PROJECT, nudge
from catalog.permissions import ENVIRONMENT_PERMISSIONS, PROJECT_PERMISSIONS, Permission

ONLY_PEOPLE = frozenset(
    {Permission.APPROVE_CHANGE, Permission.MANAGE_MEMBERS, Permission.MANAGE_SERVICE_ACCOUNTS}
)

# Everything is one statement per table: what is new is inserted, what lasts otherwise is corrected, what
# is no longer held is removed, and what stays is not touched.
_SYNC = """
WITH held AS (
    SELECT m.id AS membership_id, m.project_id, m.expires_at, r.permissions,
           coalesce(m.user_id, tm.user_id) AS user_id
    FROM catalog_membership m
    JOIN catalog_role r ON r.id = m.role_id
    LEFT JOIN catalog_team_members tm ON tm.team_id = m.team_id
    WHERE m.project_id = ANY(%(projects)s) AND m.ended_at IS NULL
      AND (m.expires_at IS NULL OR m.expires_at > %(now)s)
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
), written AS (
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

_ON_PROJECTS = _SYNC.format(
    table="catalog_projectuserobjectpermission",
    places="catalog_project place ON place.id = held.project_id",
    all_places="SELECT unnest(%(projects)s::bigint[])",
)
_ON_ENVIRONMENTS = _SYNC.format(
    table="catalog_environmentuserobjectpermission",
    places="""catalog_environment place ON place.project_id = held.project_id AND (
        EXISTS (SELECT FROM catalog_membership_environments only_here
                WHERE only_here.membership_id = held.membership_id
                  AND only_here.environment_id = place.id)
        OR NOT EXISTS (SELECT FROM catalog_membership_environments only_there
                       WHERE only_there.membership_id = held.membership_id))""",
    all_places="SELECT id FROM catalog_environment WHERE project_id = ANY(%(projects)s)",
)


def sync_grants(*projects: Project) -> None:
    """Make the grants on these projects and their environments what the memberships say; two queries.

    Call it inside the action that changed a membership, a role, a team, an account or an environment, with
    the projects locked (``catalog.locking.locked_projects``): two at once could miss each other's change.
    """
    facts: dict[str, Any] = {
        "projects": [project.pk for project in projects],
        "now": timezone.now(),
        "person": UserKind.PERSON.value,
        "only_people": [permission.codename for permission in ONLY_PEOPLE],
    }
    with connection.cursor() as cursor:
        verbs = [permission.codename for permission in PROJECT_PERMISSIONS]
        cursor.execute(_ON_PROJECTS, {**facts, "verbs": verbs, "model": "project"})
        verbs = [permission.codename for permission in ENVIRONMENT_PERMISSIONS]
        cursor.execute(_ON_ENVIRONMENTS, {**facts, "verbs": verbs, "model": "environment"})
    for project in projects:
        # Who may sign what is about to begin may have changed with it.
        nudge(REEVALUATE_PROJECT, project.pk)
