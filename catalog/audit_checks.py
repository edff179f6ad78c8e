"""What the catalog's records show of controls; see audit.controls.check."""

from typing import Final

from audit.controls.check import Check, CheckSource
from audit.controls.own_checks import IN_PERIOD, IN_PROJECTS

_TOKEN_DAYS: Final = 366
"""A token that lasts longer is an exception."""

_ROLES: Final = f"""
SELECT m.*, p.slug AS project, r.slug AS role, coalesce(u.pseudonym, 'team ' || t.slug) AS member
FROM catalog_membership m
    JOIN catalog_project p ON p.id = m.project_id
    JOIN catalog_role r ON r.id = m.role_id
    LEFT JOIN catalog_user u ON u.id = m.user_id
    LEFT JOIN catalog_team t ON t.id = m.team_id
WHERE {IN_PROJECTS.format("p.slug")}
"""

# Whoever creates a project is its first administrator, without a further event.
_FIRST: Final = """
EXISTS (SELECT FROM audit_event e WHERE e.stream = 'project/' || r.project_id
    AND e.type = 'catalog.project_created' AND e.facts #>> '{data,first_role}' IS NOT NULL)
AND r.id = (SELECT min(m.id) FROM catalog_membership m WHERE m.project_id = r.project_id)
"""

_RECORDED: Final = f"""
SELECT 'project' AS about, r.project AS id, r.role || ' of ' || r.member || ' in ' || r.project AS label,
    r.created_at AS at,
    EXISTS (SELECT FROM audit_event e WHERE e.stream = 'project/' || r.project_id
        AND e.type = 'catalog.membership_given' AND e.facts #>> '{{data,membership}}' = r.id::text)
    OR ({_FIRST}) AS holds,
    'The log does not say who gave it.' AS why, 1::bigint AS cases
FROM roles r WHERE {IN_PERIOD.format("r.created_at")}
UNION ALL
SELECT 'project', r.project, r.role || ' of ' || r.member || ' in ' || r.project, r.ended_at,
    EXISTS (SELECT FROM audit_event e WHERE e.stream = 'project/' || r.project_id
        AND e.type IN ('catalog.membership_ended', 'catalog.membership_expired')
        AND e.facts #>> '{{data,membership}}' = r.id::text),
    'The log does not say who ended it.', 1
FROM roles r WHERE r.ended_at IS NOT NULL AND {IN_PERIOD.format("r.ended_at")}
"""

_SELF_GIVEN: Final = f"""
SELECT 'project' AS about, r.project AS id, r.role || ' of ' || r.member || ' in ' || r.project AS label,
    r.created_at AS at,
    r.user_id IS DISTINCT FROM r.created_by_id AS holds,
    'They gave it to themselves.' AS why, 1::bigint AS cases
FROM roles r WHERE {IN_PERIOD.format("r.created_at")} AND NOT ({_FIRST})
"""

_LEAVERS: Final = f"""
SELECT 'account' AS about, u.pseudonym AS id, u.pseudonym AS label, NULL::timestamptz AS at,
    NOT EXISTS (SELECT FROM catalog_projectuserobjectpermission g
            JOIN catalog_project p ON p.id = g.content_object_id
            WHERE g.user_id = u.id AND {IN_PROJECTS.format("p.slug")})
        AND NOT EXISTS (SELECT FROM catalog_environmentuserobjectpermission g
            JOIN catalog_environment en ON en.id = g.content_object_id
            JOIN catalog_project p ON p.id = en.project_id
            WHERE g.user_id = u.id AND {IN_PROJECTS.format("p.slug")}) AS holds,
    'The account is deactivated and still holds permissions.' AS why, 1::bigint AS cases
FROM catalog_user u
WHERE NOT u.is_active AND u.kind <> 'system' AND EXISTS (SELECT FROM roles r
    LEFT JOIN catalog_team_members tm ON tm.team_id = r.team_id
    WHERE coalesce(r.user_id, tm.user_id) = u.id)
"""

_RAN_OUT: Final = f"""
SELECT 'project' AS about, r.project AS id, r.role || ' of ' || r.member || ' in ' || r.project AS label,
    r.expires_at AS at,
    r.ended_at IS NOT NULL OR r.expires_at > clock_timestamp() - interval '1 day' AS holds,
    'It ran out and was never ended in the log.' AS why, 1::bigint AS cases
FROM roles r WHERE r.expires_at <= clock_timestamp() AND {IN_PERIOD.format("r.expires_at")}
"""

_MACHINES: Final = f"""
SELECT 'project' AS about, p.slug AS id, u.username AS label, s.created_at AS at,
    NOT EXISTS (SELECT FROM catalog_environmentuserobjectpermission g
        JOIN auth_permission verb ON verb.id = g.permission_id
        WHERE g.user_id = u.id AND verb.codename = 'approve_change') AS holds,
    'The machine may sign changes.' AS why, 1::bigint AS cases
FROM catalog_serviceaccount s
    JOIN catalog_user u ON u.id = s.user_id
    JOIN catalog_project p ON p.id = s.project_id
WHERE u.is_active AND {IN_PROJECTS.format("p.slug")}
"""

_TOKENS: Final = f"""
SELECT 'account' AS about, u.pseudonym AS id, 'Token ' || t.prefix || '…' AS label, t.created_at AS at,
    t.expires_at <= t.created_at + interval '{_TOKEN_DAYS} days' AS holds,
    'It is valid for more than a year.' AS why, 1::bigint AS cases
FROM catalog_apitoken t
    JOIN catalog_user u ON u.id = t.user_id
WHERE (t.revoked_at IS NULL OR {IN_PERIOD.format("t.revoked_at")})
    AND {IN_PERIOD.format("t.created_at")}
    AND EXISTS (SELECT FROM roles r LEFT JOIN catalog_team_members tm ON tm.team_id = r.team_id
        WHERE coalesce(r.user_id, tm.user_id) = u.id)
"""

_SEPARATE: Final = f"""
SELECT 'environment' AS about, p.slug || '/' || en.name AS id, p.slug || '/' || en.name AS label,
    en.created_at AS at,
    EXISTS (SELECT FROM catalog_environment other WHERE other.project_id = en.project_id
        AND other.tier <> 'production' AND other.position < en.position) AS holds,
    'No environment comes before it on the path: nothing can be tried elsewhere first.' AS why,
    1::bigint AS cases
FROM catalog_environment en JOIN catalog_project p ON p.id = en.project_id
WHERE en.tier = 'production' AND {IN_PROJECTS.format("p.slug")}
    AND (%(environment)s::text IS NULL OR en.name = %(environment)s)
"""

SOURCE: Final = CheckSource(
    shared={"roles": _ROLES},
    checks=(
        Check(
            name="roles-recorded",
            title="Every role that was given or taken is in the log, with who did it",
            cases="roles given or taken",
            source=("catalog_membership", "audit_event"),
            sql=_RECORDED,
            needs=("roles",),
        ),
        Check(
            name="roles-given-by-others",
            title="Nobody gave a role to themselves",
            cases="roles given",
            source=("catalog_membership",),
            sql=_SELF_GIVEN,
            needs=("roles",),
        ),
        Check(
            name="leavers-hold-nothing",
            title="Deactivated accounts hold no permission",
            cases="deactivated accounts",
            source=("catalog_user", "catalog_membership"),
            sql=_LEAVERS,
            needs=("roles",),
        ),
        Check(
            name="limited-roles-ended",
            title="Roles that were given until a date have ended",
            cases="roles that ran out",
            source=("catalog_membership",),
            sql=_RAN_OUT,
            needs=("roles",),
        ),
        Check(
            name="machines-sign-nothing",
            title="No service account may sign a change",
            cases="service accounts",
            source=("catalog_serviceaccount", "catalog_environmentuserobjectpermission"),
            sql=_MACHINES,
        ),
        Check(
            name="tokens-run-out",
            title="API tokens last no longer than a year",
            cases="tokens",
            source=("catalog_apitoken",),
            sql=_TOKENS,
            needs=("roles",),
        ),
        Check(
            name="production-apart",
            title="Production comes after another environment on the path",
            cases="production environments",
            source=("catalog_environment",),
            sql=_SEPARATE,
        ),
    ),
)
