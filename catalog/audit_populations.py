"""The list of who had which role in evidence packs; see audit.packs.population."""

from typing import Final

from audit.packs.population import Population, PopulationSource, Reconciliation

_MEMBERSHIPS: Final = """
SELECT m.id AS membership, p.slug AS project, coalesce(u.pseudonym, 'team/' || t.slug) AS member,
    coalesce(nullif(u.full_name, ''), u.username, t.name) AS member_name, r.slug AS role,
    array_to_string(r.permissions, ' ') AS permissions,
    (SELECT string_agg(en.name, ' ' ORDER BY en.position) FROM catalog_membership_environments me
        JOIN catalog_environment en ON en.id = me.environment_id
        WHERE me.membership_id = m.id) AS only_environments,
    m.created_at AS given_at, g.pseudonym AS given_by, m.expires_at, m.ended_at
FROM catalog_membership m
    JOIN catalog_project p ON p.id = m.project_id
    JOIN catalog_role r ON r.id = m.role_id
    JOIN catalog_user g ON g.id = m.created_by_id
    LEFT JOIN catalog_user u ON u.id = m.user_id
    LEFT JOIN catalog_team t ON t.id = m.team_id
WHERE (%(project)s::text IS NULL OR p.slug = %(project)s)
    AND m.created_at < coalesce(%(until)s::timestamptz, 'infinity')
    AND coalesce(m.ended_at, 'infinity') >= coalesce(%(since)s::timestamptz, '-infinity')
ORDER BY m.id
"""

_COLUMNS: Final = {
    "ended_at": "When it was taken away or ran out (UTC); empty while it holds",
    "expires_at": "When it ends by itself (UTC); empty when it does not",
    "given_at": "When it was given (UTC)",
    "given_by": "Who gave it, by pseudonym",
    "member": "Who holds it: a pseudonym, or team/ and the team's name",
    "member_name": "Their name, as the portal knows it today",
    "membership": "Key of the membership",
    "only_environments": "Environments it is limited to; empty for all of the project",
    "permissions": "What the role allows, as it stands today",
    "role": "Name of the role",
}

SOURCE: Final = PopulationSource(
    columns=_COLUMNS,
    populations=(
        Population(
            name="memberships",
            title="Roles that were in force at some time in the period",
            source=("catalog_membership", "catalog_role"),
            sql=_MEMBERSHIPS,
        ),
    ),
    reconciliations=(
        Reconciliation(
            check="Roles: given in the log, and in the table",
            # Whoever creates a project is its first administrator, without a further event.
            expected="""SELECT count(*) FROM audit_event
                WHERE (type = 'catalog.membership_given' OR (type = 'catalog.project_created'
                    AND facts #>> '{data,first_role}' IS NOT NULL))
                AND (%(project)s::text IS NULL OR project = %(project)s)""",
            actual="""SELECT count(*) FROM catalog_membership m JOIN catalog_project p ON p.id = m.project_id
                WHERE %(project)s::text IS NULL OR p.slug = %(project)s""",
        ),
    ),
)
