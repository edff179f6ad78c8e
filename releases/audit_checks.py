"""What policies and signatures show of controls; see audit.controls.check."""

from typing import Final

from audit.controls.check import Check, CheckSource
from audit.controls.own_checks import IN_PERIOD, IN_PROJECTS

IN_ENVIRONMENT: Final = "(%(environment)s::text IS NULL OR {0} = %(environment)s)"
"""Of a column of environments' names."""

REVIEWED_WITHIN_DAYS: Final = 92
"""A quarter: a project whose access nobody looked through for longer is an exception, a new one is not."""

_ACTIVATIONS: Final = f"""
SELECT a.id, a.activated_at, a.activated_by_id, p.slug || '/' || en.name AS place,
    'environment/' || en.id AS stream, pol.name || ' v' || pv.number AS policy,
    pv.created_by_id, pv.published_by_id, pv.digest
FROM releases_policyactivation a
    JOIN releases_policyversion pv ON pv.id = a.policy_version_id
    JOIN releases_policy pol ON pol.id = pv.policy_id
    JOIN catalog_environment en ON en.id = a.environment_id
    JOIN catalog_project p ON p.id = en.project_id
WHERE {IN_PERIOD.format("a.activated_at")} AND {IN_PROJECTS.format("p.slug")}
    AND {IN_ENVIRONMENT.format("en.name")}
"""

_RECORDED: Final = """
SELECT 'environment' AS about, a.place AS id, a.policy || ' in ' || a.place AS label, a.activated_at AS at,
    EXISTS (SELECT FROM audit_event e WHERE e.stream = a.stream AND e.type = 'releases.policy_activated'
        AND e.facts #>> '{data,policy}' = a.policy AND e.facts #>> '{data,digest}' = a.digest) AS holds,
    'The log does not say who put it in force.' AS why, 1::bigint AS cases
FROM activations a
"""

_BY_OTHERS: Final = """
SELECT 'environment' AS about, a.place AS id, a.policy || ' in ' || a.place AS label, a.activated_at AS at,
    a.activated_by_id <> a.created_by_id AS holds,
    'Whoever wrote this version also put it in force.' AS why, 1::bigint AS cases
FROM activations a
"""

_GOVERNED: Final = f"""
SELECT 'environment' AS about, p.slug || '/' || en.name AS id, p.slug || '/' || en.name AS label,
    en.created_at AS at,
    EXISTS (SELECT FROM releases_policyactivation a
        WHERE a.environment_id = en.id AND a.ended_at IS NULL) AS holds,
    'No policy is in force there. Nothing can be carried out without one.' AS why, 1::bigint AS cases
FROM catalog_environment en JOIN catalog_project p ON p.id = en.project_id
WHERE {IN_PROJECTS.format("p.slug")} AND {IN_ENVIRONMENT.format("en.name")}
"""

_SIGNATURES: Final = f"""
SELECT a.id, a.change_request_id AS number, a.given_at, a.person_name, a.decision, u.pseudonym, u.kind,
    st.digest, 'change-request/' || a.change_request_id AS stream
FROM releases_approval a
    JOIN releases_changerequest cr ON cr.number = a.change_request_id
    JOIN releases_statement st ON st.id = a.statement_id
    JOIN catalog_environment en ON en.id = cr.environment_id
    JOIN catalog_project p ON p.id = cr.project_id
    JOIN catalog_user u ON u.id = a.person_id
WHERE {IN_PERIOD.format("a.given_at")} AND {IN_PROJECTS.format("p.slug")}
    AND {IN_ENVIRONMENT.format("en.name")}
"""

_MANIFEST: Final = """
SELECT 'change-request' AS about, s.number::text AS id, 'CR-' || s.number AS label, s.given_at AS at,
    s.person_name <> '' AND EXISTS (SELECT FROM audit_event e
        WHERE e.stream = s.stream AND e.type IN ('releases.approved', 'releases.rejected')
            AND e.facts #>> '{data,approval}' = s.id::text
            AND e.facts #>> '{data,statement_digest}' = s.digest
            AND e.actor = s.pseudonym) AS holds,
    'Name, time, meaning and what was signed are not together in the log.' AS why, 1::bigint AS cases
FROM signatures s
"""

_BY_PEOPLE: Final = """
SELECT 'change-request' AS about, s.number::text AS id, 'CR-' || s.number AS label, s.given_at AS at,
    s.kind = 'person' AS holds, 'It was signed by an account that is no person''s.' AS why,
    1::bigint AS cases
FROM signatures s
"""

_REASONS: Final = f"""
SELECT 'change-request' AS about, cr.number::text AS id, 'CR-' || cr.number AS label,
    cr.requested_at AS at, btrim(cr.reason) <> '' AS holds,
    'It does not say why the change was asked for.' AS why, 1::bigint AS cases
FROM releases_changerequest cr
    JOIN catalog_project p ON p.id = cr.project_id
    JOIN catalog_environment en ON en.id = cr.environment_id
WHERE {IN_PERIOD.format("cr.requested_at")} AND {IN_PROJECTS.format("p.slug")}
    AND {IN_ENVIRONMENT.format("en.name")}
"""

_REVIEWED: Final = f"""
SELECT 'project' AS about, p.slug AS id, p.slug AS label, p.created_at AS at,
    p.created_at > least(coalesce(%(until)s::timestamptz, 'infinity'), clock_timestamp())
        - interval '{REVIEWED_WITHIN_DAYS} days'
    OR EXISTS (SELECT FROM audit_event e WHERE e.project = p.slug
        AND e.type = 'releases.access_review_signed'
        AND e.recorded_at < coalesce(%(until)s::timestamptz, 'infinity')
        AND e.recorded_at > least(coalesce(%(until)s::timestamptz, 'infinity'), clock_timestamp())
            - interval '{REVIEWED_WITHIN_DAYS} days') AS holds,
    'Nobody signed a review of who may do what there in the last {REVIEWED_WITHIN_DAYS} days.' AS why,
    1::bigint AS cases
FROM catalog_project p WHERE {IN_PROJECTS.format("p.slug")}
"""

SOURCE: Final = CheckSource(
    shared={"activations": _ACTIVATIONS, "signatures": _SIGNATURES},
    checks=(
        Check(
            name="policies-activated-by-event",
            title="Every policy was put in force by an event that names its version and digest",
            cases="policies put in force",
            source=("releases_policyactivation", "releases_policyversion", "audit_event"),
            sql=_RECORDED,
            needs=("activations",),
        ),
        Check(
            name="policies-activated-by-others",
            title="Nobody put a policy in force that they wrote",
            cases="policies put in force",
            source=("releases_policyactivation", "releases_policyversion"),
            sql=_BY_OTHERS,
            needs=("activations",),
        ),
        Check(
            name="environments-governed",
            title="A policy is in force in every environment",
            cases="environments",
            source=("catalog_environment", "releases_policyactivation"),
            sql=_GOVERNED,
        ),
        Check(
            name="signatures-complete",
            title="Every signature is in the log with its name, time, meaning and what was signed",
            cases="signatures",
            source=("releases_approval", "releases_statement", "audit_event"),
            sql=_MANIFEST,
            needs=("signatures",),
        ),
        Check(
            name="signed-by-people",
            title="Only people signed",
            cases="signatures",
            source=("releases_approval", "catalog_user"),
            sql=_BY_PEOPLE,
            needs=("signatures",),
        ),
        Check(
            name="access-reviewed",
            title="Who may do what was reviewed and signed in the last quarter",
            cases="projects",
            source=("catalog_project", "audit_event"),
            sql=_REVIEWED,
        ),
        Check(
            name="reasons-given",
            title="Every change request says why",
            cases="change requests",
            source=("releases_changerequest",),
            sql=_REASONS,
        ),
    ),
)
