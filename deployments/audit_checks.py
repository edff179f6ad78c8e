"""What deployments show of controls; see audit.controls.check.

A change counts in the period in which carrying it out began: the population that auditors draw from is
what reached an environment, not what was asked for.
"""

from typing import Final

from audit.controls.check import Check, CheckSource
from audit.controls.own_checks import IN_PERIOD, IN_PROJECTS
from releases.audit_checks import IN_ENVIRONMENT

_CARRIED: Final = f"""
SELECT d.id AS deployment, d.state, d.started_at, d.finished_at, cr.number,
    'change-request/' || cr.number AS stream, cr.kind, cr.release_id, cr.requested_by_id,
    cr.policy_version_id, cr.statement_id, r.sealed_by_id, en.id AS environment_id, en.tier,
    en.position, cr.project_id
FROM deployments_deployment d
    JOIN releases_changerequest cr ON cr.number = d.change_request_id
    JOIN releases_release r ON r.id = cr.release_id
    JOIN catalog_environment en ON en.id = d.environment_id
    JOIN catalog_project p ON p.id = cr.project_id
WHERE {IN_PERIOD.format("d.started_at")} AND {IN_PROJECTS.format("p.slug")}
    AND {IN_ENVIRONMENT.format("en.name")}
"""

_CHANGES: Final = """
SELECT DISTINCT ON (number) *, 'change-request'::text AS about, number::text AS key,
    'CR-' || number AS label, started_at AS at
FROM carried ORDER BY number, started_at
"""

_STANDING: Final = """
SELECT c.number, c.requested_by_id, c.sealed_by_id, c.label, c.at, a.person_id, a.given_at, a.roles
FROM changes c JOIN releases_approval a ON a.change_request_id = c.number
WHERE a.decision = 'approved' AND a.voided_at IS NULL
"""

_APPROVED: Final = """
SELECT 'change-request' AS about, c.number::text AS id, 'CR-' || c.number AS label, c.started_at AS at,
    coalesce(b.type = 'releases.all_rules_met', false) AS holds,
    'It was carried out before every approval rule of its policy was met.' AS why, 1::bigint AS cases
FROM carried c LEFT JOIN LATERAL (
    SELECT before.type FROM audit_event began JOIN audit_event before ON before.stream = began.stream
        AND before.stream_seq < began.stream_seq
        AND before.type IN ('releases.all_rules_met', 'releases.checking')
    WHERE began.stream = c.stream AND began.type = 'deployments.started'
        AND began.facts #>> '{object,id}' = c.deployment::text
    ORDER BY before.stream_seq DESC LIMIT 1
) b ON true
WHERE c.kind <> 'emergency'
"""

_SIGNED_FIRST: Final = """
SELECT 'change-request' AS about, s.number::text AS id, s.label, s.at, max(s.given_at) <= s.at AS holds,
    'A signature that counts was given after the work had begun.' AS why, 1::bigint AS cases
FROM standing s GROUP BY s.number, s.label, s.at
"""

_NOT_REQUESTER: Final = """
SELECT 'change-request' AS about, s.number::text AS id, s.label, s.at,
    NOT bool_or(s.person_id = s.requested_by_id) AS holds,
    'Who asked for it also signed it.' AS why, 1::bigint AS cases
FROM standing s GROUP BY s.number, s.label, s.at
"""

# People are matched with authors by the names under which the portal knows them today.
_NOT_MAKERS: Final = """
WITH names AS (
    SELECT id AS person_id, 'email' AS kind, lower(email) AS name FROM catalog_user WHERE email <> ''
    UNION SELECT user_id, kind, lower(value) FROM catalog_identity
), authors AS (
    SELECT DISTINCT c.number, n.kind, lower(n.name) AS name
    FROM changes c JOIN releases_releaseitem i ON i.release_id = c.release_id
        JOIN catalog_artifactversion v ON v.id = i.artifact_version_id
        CROSS JOIN LATERAL jsonb_array_elements(v.authors) author
        CROSS JOIN LATERAL (VALUES ('email', author ->> 'email'), ('scm_login', author ->> 'login'),
            ('mlflow', author ->> 'mlflow')) n (kind, name)
), makers AS (
    SELECT a.number, n.person_id FROM authors a JOIN names n ON n.kind = a.kind AND n.name = a.name
    UNION SELECT number, sealed_by_id FROM changes
    UNION SELECT c.number, v.registered_by_id FROM changes c
        JOIN releases_releaseitem i ON i.release_id = c.release_id
        JOIN catalog_artifactversion v ON v.id = i.artifact_version_id
        JOIN catalog_artifact a ON a.id = v.artifact_id AND a.kind = 'model'
)
SELECT 'change-request' AS about, s.number::text AS id, s.label, s.at,
    NOT bool_or(m.person_id IS NOT NULL) AS holds,
    'Who sealed, wrote or registered something in it also signed it.' AS why, 1::bigint AS cases
FROM standing s LEFT JOIN makers m ON m.number = s.number AND m.person_id = s.person_id
GROUP BY s.number, s.label, s.at
"""

_GATES: Final = """
SELECT c.about, c.key AS id, c.label, c.at, bool_and(g.outcome IN ('pass', 'warn', 'waived')) AS holds,
    'A gate did not let it through: ' || coalesce(min(g.name)
        FILTER (WHERE g.outcome NOT IN ('pass', 'warn', 'waived')), '') AS why, 1::bigint AS cases
FROM changes c JOIN releases_gateresult g ON g.change_request_id = c.number
GROUP BY c.about, c.key, c.label, c.at
"""

_EVIDENCE: Final = """
SELECT c.about, c.key AS id, c.label, c.at, bool_and(e.found) AS holds,
    'Nobody reported anything about ' || coalesce(min(a.name) FILTER (WHERE NOT e.found), '') AS why,
    1::bigint AS cases
FROM changes c
    JOIN releases_releaseitem i ON i.release_id = c.release_id
    JOIN catalog_artifactversion v ON v.id = i.artifact_version_id
    JOIN catalog_artifact a ON a.id = v.artifact_id
    CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM releases_evidence r
        WHERE (r.artifact_version_id = v.id OR r.release_id = c.release_id) AND r.added_at <= c.at)) e (found)
GROUP BY c.about, c.key, c.label, c.at
"""

_BOUND: Final = """
SELECT c.about, c.key AS id, c.label, c.at,
    c.policy_version_id IS NOT NULL AND c.statement_id IS NOT NULL AS holds,
    'It names no policy version, or no statement that was signed.' AS why, 1::bigint AS cases
FROM changes c
"""

_TRIED: Final = """
SELECT c.about, c.key AS id, c.label, c.at,
    EXISTS (SELECT FROM deployments_deployment d
        JOIN releases_changerequest cr ON cr.number = d.change_request_id
        JOIN catalog_environment en ON en.id = d.environment_id
        WHERE cr.release_id = c.release_id AND en.project_id = c.project_id
            AND en.position < c.position AND d.state = 'succeeded' AND d.finished_at <= c.at) AS holds,
    'The release was not carried out in an earlier environment first.' AS why, 1::bigint AS cases
FROM changes c WHERE c.tier = 'production' AND c.kind = 'promotion'
"""

_ENDED: Final = """
SELECT 'change-request' AS about, c.number::text AS id, 'CR-' || c.number AS label, c.started_at AS at,
    EXISTS (SELECT FROM audit_event e WHERE e.stream = c.stream
        AND e.type IN ('releases.deployed', 'releases.failed', 'releases.errored')) AS holds,
    'The log does not say how it ended.' AS why, 1::bigint AS cases
FROM carried c WHERE c.state IN ('succeeded', 'failed', 'errored')
"""

_COMPARED: Final = """
SELECT 'change-request' AS about, c.number::text AS id, 'CR-' || c.number AS label, c.started_at AS at,
    bool_or(s.state = 'done') AS holds,
    'What runs was not compared with what was approved.' AS why, 1::bigint AS cases
FROM carried c JOIN deployments_deploymentstep s ON s.deployment_id = c.deployment AND s.verb = 'verify'
WHERE c.state = 'succeeded'
GROUP BY c.deployment, c.number, c.started_at
"""

_EMERGENCIES: Final = """
SELECT c.about, c.key AS id, c.label, c.at, false AS holds,
    'An emergency change: show the review that followed it; no record of one is held here.' AS why,
    1::bigint AS cases
FROM changes c WHERE c.kind = 'emergency'
"""

_MODELS: Final = """
SELECT c.about, c.key, c.label, c.at, c.number, c.release_id, v.id AS version_id,
    a.name || ' ' || v.version AS model
FROM changes c
    JOIN releases_releaseitem i ON i.release_id = c.release_id
    JOIN catalog_artifactversion v ON v.id = i.artifact_version_id
    JOIN catalog_artifact a ON a.id = v.artifact_id
WHERE a.kind = 'model' AND c.tier = 'production'
"""

_VALIDATED: Final = """
SELECT m.about, m.key AS id, m.label, m.at,
    EXISTS (SELECT FROM standing s WHERE s.number = m.number AND 'validator' = ANY(s.roles)) AS holds,
    'No validator signed for ' || m.model || '.' AS why, 1::bigint AS cases
FROM models m
"""

_MEASURED: Final = """
SELECT m.about, m.key AS id, m.label, m.at,
    EXISTS (SELECT FROM releases_evidence e WHERE e.artifact_version_id = m.version_id
        AND e.kind = 'metrics' AND e.outcome = 'pass' AND e.added_at <= m.at) AS holds,
    m.model || ' was put there without measured metrics.' AS why, 1::bigint AS cases
FROM models m
"""

_CARDED: Final = """
SELECT m.about, m.key AS id, m.label, m.at,
    EXISTS (SELECT FROM releases_cardreview r
        JOIN releases_cardrevision v ON v.id = r.revision_id AND v.is_complete
            AND v.saved_by_id <> r.reviewed_by_id
        JOIN releases_modelcard c ON c.id = v.card_id
        WHERE c.artifact_version_id = m.version_id AND r.reviewed_at <= m.at) AS holds,
    m.model || ' was put there without a model card that somebody had reviewed.' AS why,
    1::bigint AS cases
FROM models m
"""

_DATA_NAMED: Final = """
SELECT m.about, m.key AS id, m.label, m.at,
    EXISTS (SELECT FROM models_registry_modelversion v WHERE v.artifact_version_id = m.version_id
        AND jsonb_array_length(v.datasets) > 0)
    OR EXISTS (SELECT FROM releases_evidence e
        WHERE (e.artifact_version_id = m.version_id OR e.release_id = m.release_id)
        AND e.kind IN ('datasets', 'dvc') AND e.outcome IN ('pass', 'fail') AND e.added_at <= m.at) AS holds,
    'Neither its run nor a report names the data on which ' || m.model || ' was trained.' AS why,
    1::bigint AS cases
FROM models m
"""

_TABLES: Final = ("deployments_deployment", "releases_changerequest")

SOURCE: Final = CheckSource(
    shared={
        "carried": _CARRIED,
        "changes": _CHANGES,
        "standing": _STANDING,
        "models": _MODELS,
    },
    checks=(
        Check(
            name="approved-before-deployment",
            title="Every deployment carried out a change request whose approval rules were all met",
            cases="deployments, emergencies aside",
            source=(*_TABLES, "audit_event"),
            sql=_APPROVED,
            needs=("carried",),
        ),
        Check(
            name="signed-before-deployment",
            title="Every signature that counts was given before the work began",
            cases="changes carried out",
            source=(*_TABLES, "releases_approval"),
            sql=_SIGNED_FIRST,
            needs=("carried", "changes", "standing"),
        ),
        Check(
            name="requester-did-not-sign",
            title="Nobody signed a change that they asked for",
            cases="changes carried out",
            source=(*_TABLES, "releases_approval"),
            sql=_NOT_REQUESTER,
            needs=("carried", "changes", "standing"),
        ),
        Check(
            name="makers-did-not-sign",
            title="Nobody signed what they sealed, wrote or registered",
            cases="changes carried out",
            source=(*_TABLES, "releases_approval", "catalog_artifactversion", "catalog_identity"),
            sql=_NOT_MAKERS,
            needs=("carried", "changes", "standing"),
        ),
        Check(
            name="gates-let-through",
            title="Every gate of the policy let the change through",
            cases="changes carried out",
            source=(*_TABLES, "releases_gateresult"),
            sql=_GATES,
            needs=("carried", "changes"),
        ),
        Check(
            name="evidence-attached",
            title="Reports were there about everything in the release before it was carried out",
            cases="changes carried out",
            source=(*_TABLES, "releases_evidence"),
            sql=_EVIDENCE,
            needs=("carried", "changes"),
        ),
        Check(
            name="bound-to-what-was-signed",
            title="Every change names the policy version and the statement under which it was signed",
            cases="changes carried out",
            source=(*_TABLES, "releases_statement"),
            sql=_BOUND,
            needs=("carried", "changes"),
        ),
        Check(
            name="tried-before-production",
            title="What went to production had run in an earlier environment",
            cases="promotions to production",
            source=_TABLES,
            sql=_TRIED,
            needs=("carried", "changes"),
        ),
        Check(
            name="outcomes-recorded",
            title="The log says how every deployment ended",
            cases="deployments that ended",
            source=(*_TABLES, "audit_event"),
            sql=_ENDED,
            needs=("carried",),
        ),
        Check(
            name="digests-compared",
            title="What runs was compared by digest with what was approved",
            cases="deployments on clusters",
            source=("deployments_deployment", "deployments_deploymentstep"),
            sql=_COMPARED,
            needs=("carried",),
        ),
        Check(
            name="emergencies-reviewed",
            title="Emergency changes were reviewed afterwards",
            cases="emergency changes",
            source=_TABLES,
            sql=_EMERGENCIES,
            needs=("carried", "changes"),
        ),
        Check(
            name="models-validated",
            title="A validator signed every model before production",
            cases="models put into production",
            source=(*_TABLES, "releases_approval"),
            sql=_VALIDATED,
            needs=("carried", "changes", "standing", "models"),
        ),
        Check(
            name="models-measured",
            title="Every model went to production with measured metrics",
            cases="models put into production",
            source=(*_TABLES, "releases_evidence"),
            sql=_MEASURED,
            needs=("carried", "changes", "models"),
        ),
        Check(
            name="models-data-named",
            title="Every model went to production with the data named that it was trained on",
            cases="models put into production",
            source=(*_TABLES, "models_registry_modelversion", "releases_evidence"),
            sql=_DATA_NAMED,
            needs=("carried", "changes", "models"),
        ),
        Check(
            name="models-described",
            title="Every model went to production with a complete card that somebody else had reviewed",
            cases="models put into production",
            source=(*_TABLES, "releases_modelcard", "releases_cardrevision", "releases_cardreview"),
            sql=_CARDED,
            needs=("carried", "changes", "models"),
        ),
    ),
)
