"""Who may do what, in the tables and in the log; ``catalog.audit_reconciliation`` is this file's only reader.

A right is written in four places: the role that somebody has somewhere, the verbs of that role, the members
of a team, and guardian's rows, which follow from these and are what every check reads. Each is compared, so
that a right that was given or taken past the portal is found wherever it was written.
"""

from typing import Final

import orjson

from audit.completeness.reconciliation import LISTED_IN, Agreement
from audit.privacy.events import PrivacyEvent
from catalog.audit_events import CatalogEvent
from catalog.grants import ON_ENVIRONMENTS, ON_PROJECTS, Grants
from catalog.roles import BUILT_IN_ROLES

_UNTIL: Final = """to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
_IN_WORDS: Final = "role || coalesce(' on ' || places, '') || coalesce(' until ' || expires_at, '')"

_MEMBERSHIPS_HELD: Final = f"""
SELECT whose, string_agg({_IN_WORDS}, ', ' ORDER BY {_IN_WORDS} COLLATE "C") FROM (
    SELECT p.slug || ': ' || coalesce(u.pseudonym, 'team ' || t.slug) AS whose, r.slug AS role,
        (SELECT string_agg(e.name, ' ' ORDER BY e.name COLLATE "C")
            FROM catalog_membership_environments l JOIN catalog_environment e ON e.id = l.environment_id
            WHERE l.membership_id = m.id) AS places,
        {_UNTIL.format("m.expires_at")} AS expires_at
    FROM catalog_membership m JOIN catalog_project p ON p.id = m.project_id
        JOIN catalog_role r ON r.id = m.role_id
        LEFT JOIN catalog_user u ON u.id = m.user_id LEFT JOIN catalog_team t ON t.id = m.team_id
    WHERE m.ended_at IS NULL
) AS live GROUP BY whose
"""  # noqa: S608 -- composed of constants
# Whoever creates a project gets its first role without a further event, and so without a membership's number.
_MEMBERSHIPS_TOLD: Final = f"""
WITH said AS (
    SELECT type, project, facts -> 'data' AS data, facts #>> '{{data,membership}}' AS number,
        coalesce(facts #>> '{{data,account}}', 'team ' || (facts #>> '{{data,team}}')) AS who,
        facts #>> '{{data,role}}' AS role
    FROM entries WHERE type IN ('{CatalogEvent.MEMBERSHIP_GIVEN}', '{CatalogEvent.MEMBERSHIP_ENDED}',
        '{CatalogEvent.MEMBERSHIP_EXPIRED}')
), given AS (
    SELECT number, project, who, role, data ->> 'expires_at' AS expires_at,
        (SELECT string_agg(name, ' ' ORDER BY name COLLATE "C")
            FROM {LISTED_IN.format("data -> 'environments'")} AS name) AS places
    FROM said WHERE type = '{CatalogEvent.MEMBERSHIP_GIVEN}'
), ended AS (
    SELECT * FROM said WHERE type <> '{CatalogEvent.MEMBERSHIP_GIVEN}'
), live AS (
    SELECT project, who, role, places, expires_at FROM given g
    WHERE NOT EXISTS (SELECT FROM ended e WHERE e.number = g.number)
    UNION ALL
    SELECT project, actor, facts #>> '{{data,first_role}}', NULL, NULL FROM entries c
    WHERE type = '{CatalogEvent.PROJECT_CREATED}' AND facts #>> '{{data,first_role}}' IS NOT NULL
        AND NOT EXISTS (SELECT FROM ended e WHERE e.project = c.project AND e.who = c.actor
            AND e.role = c.facts #>> '{{data,first_role}}'
            AND NOT EXISTS (SELECT FROM given g WHERE g.number = e.number))
)
SELECT project || ': ' || who, string_agg({_IN_WORDS}, ', ' ORDER BY {_IN_WORDS} COLLATE "C")
FROM live GROUP BY 1
"""  # noqa: S608 -- composed of constants

_TEAMS_HELD: Final = """
SELECT t.slug || ': ' || u.pseudonym, 'member' FROM catalog_team_members m
    JOIN catalog_team t ON t.id = m.team_id JOIN catalog_user u ON u.id = m.user_id
"""
_TEAMS_TOLD: Final = f"""
SELECT what, 'member' FROM (
    SELECT DISTINCT ON (1)
        (facts #>> '{{object,label}}') || ': ' || (facts #>> '{{data,account}}') AS what, type
    FROM entries
    WHERE type IN ('{CatalogEvent.TEAM_MEMBER_ADDED}', '{CatalogEvent.TEAM_MEMBER_REMOVED}')
    ORDER BY 1, id DESC
) AS newest WHERE type = '{CatalogEvent.TEAM_MEMBER_ADDED}'
"""  # noqa: S608 -- composed of constants

_VERBS: Final = """(SELECT string_agg(verb, ' ' ORDER BY verb COLLATE "C") FROM {} AS verb)"""
_ROLES_HELD: Final = f"SELECT slug, {_VERBS.format('unnest(permissions)')} FROM catalog_role"  # noqa: S608 -- constants
_ROLES_TOLD: Final = f"""
SELECT slug, {_VERBS.format(LISTED_IN.format("verbs"))} FROM (
    SELECT DISTINCT ON (1) facts #>> '{{object,label}}' AS slug,
        coalesce(facts #> '{{data,permissions}}', facts #> '{{data,changed,permissions,1}}') AS verbs
    FROM entries
    WHERE type IN ('{CatalogEvent.ROLE_CREATED}', '{CatalogEvent.ROLE_CHANGED}')
        AND coalesce(facts #> '{{data,permissions}}', facts #> '{{data,changed,permissions}}') IS NOT NULL
    ORDER BY 1, id DESC
) AS newest
UNION ALL SELECT key, {_VERBS.format("jsonb_array_elements_text(value)")}
    FROM jsonb_each(%(built_in)s::jsonb)
"""  # noqa: S608 -- composed of constants

_DEACTIVATED_HELD: Final = """
SELECT pseudonym, 'deactivated' FROM catalog_user WHERE NOT is_active AND kind <> 'system'
"""
_DEACTIVATED_TOLD: Final = f"""
SELECT who, 'deactivated' FROM (
    SELECT DISTINCT ON (1) coalesce(facts #>> '{{data,account_id}}', facts #>> '{{data,subject_id}}',
        facts #>> '{{object,id}}') AS who, type
    FROM entries
    WHERE type IN ('{CatalogEvent.PERSON_DEACTIVATED}', '{CatalogEvent.PERSON_REACTIVATED}',
        '{CatalogEvent.SERVICE_ACCOUNT_DEACTIVATED}', '{PrivacyEvent.ERASED}')
    ORDER BY 1, id DESC
) AS newest WHERE type <> '{CatalogEvent.PERSON_REACTIVATED}'
"""  # noqa: S608 -- composed of constants

_GRANTS: Final = """
SELECT u.pseudonym || ' ' || p.codename || ' on ' || {name},
    coalesce('until ' || (g.expires_at AT TIME ZONE 'UTC')::text, 'held')
FROM {source} g JOIN catalog_user u ON u.id = g.user_id
    JOIN auth_permission p ON p.id = g.permission_id JOIN {places}
WHERE u.is_active AND (g.expires_at IS NULL OR g.expires_at > now())
"""
_PROJECT: Final = "catalog_project c ON c.id = g.content_object_id"
_ENVIRONMENT: Final = """catalog_environment e ON e.id = g.content_object_id
    JOIN catalog_project c ON c.id = e.project_id"""


def _permissions(title: str, grants: Grants, name: str, places: str) -> Agreement:
    """Return the comparison of guardian's rows with what they follow from."""
    return Agreement(
        title,
        held=_GRANTS.format(source=grants.table, name=name, places=places),
        told=grants.derived + _GRANTS.format(source="wanted", name=name, places=places),
        parameters=grants.parameters,
        by="by the memberships",
    )


RIGHTS: Final = [
    Agreement("Roles that somebody has in a project", _MEMBERSHIPS_HELD, _MEMBERSHIPS_TOLD),
    Agreement("Members of teams", _TEAMS_HELD, _TEAMS_TOLD),
    Agreement(
        "Verbs of roles",
        _ROLES_HELD,
        _ROLES_TOLD,
        parameters={
            "built_in": orjson.dumps(
                {role.slug: role.permissions for role in BUILT_IN_ROLES}
            ).decode()
        },
        by="in the log, or as this version brings it",
    ),
    Agreement("Deactivated accounts", _DEACTIVATED_HELD, _DEACTIVATED_TOLD),
    _permissions("Permissions on projects", ON_PROJECTS, "c.slug", _PROJECT),
    _permissions(
        "Permissions on environments",
        ON_ENVIRONMENTS,
        "c.slug || '/' || e.name",
        _ENVIRONMENT,
    ),
]
