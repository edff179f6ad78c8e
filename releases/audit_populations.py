"""The lists of changes, signatures, releases and evidence in evidence packs; see audit.packs.population.

A change is in a period when something happened to it then: it was asked for, decided or carried out. A
row without any event is listed whatever the period: it must not be there.
"""

from typing import Final

from audit.packs.own_lists import SEALED
from audit.packs.population import Population, PopulationSource, Reconciliation

CHOSEN: Final = """
chosen AS MATERIALIZED (
    SELECT cr.number, 'change-request/' || cr.number AS stream, cr.environment_id, cr.release_id,
        p.slug AS project
    FROM releases_changerequest cr
        JOIN catalog_project p ON p.id = cr.project_id
        JOIN catalog_environment en ON en.id = cr.environment_id
    WHERE (%(project)s::text IS NULL OR p.slug = %(project)s)
        AND (%(environment)s::text IS NULL OR en.name = %(environment)s)
        AND (%(numbers)s::bigint[] IS NULL OR cr.number = ANY(%(numbers)s::bigint[]))
        AND (
            'change-request/' || cr.number IN (
                SELECT stream FROM audit_event
                WHERE starts_with(stream, 'change-request/')
                    AND recorded_at >= coalesce(%(since)s::timestamptz, '-infinity')
                    AND recorded_at < coalesce(%(until)s::timestamptz, 'infinity')
            )
            OR 'change-request/' || cr.number NOT IN (
                SELECT stream FROM audit_stream WHERE starts_with(stream, 'change-request/')
            )
        )
)
"""

NAME: Final = (
    "coalesce(nullif({0}.full_name, ''), nullif(trim({0}.first_name || ' ' || {0}.last_name), ''),"
    " {0}.username)"
)
"""As ``catalog.models.User.display_name``; format it with the table's name."""

_CHANGE_REQUESTS: Final = f"""
WITH {CHOSEN},
told AS (
    SELECT e.stream, count(*) AS events,
        count(*) FILTER (WHERE l.idx IS NULL OR l.idx >= %(size)s) AS unsealed,
        min(l.idx) FILTER (WHERE l.idx < %(size)s) AS first_leaf,
        max(l.idx) FILTER (WHERE l.idx < %(size)s) AS last_leaf,
        max(e.recorded_at) FILTER (WHERE e.type = 'releases.all_rules_met') AS rules_met_at,
        min(e.recorded_at) FILTER (WHERE e.type = 'releases.deploying') AS deploying_at
    FROM chosen c JOIN audit_event e ON e.stream = c.stream LEFT JOIN audit_leaf l ON l.event_id = e.id
    GROUP BY e.stream
),
signed AS (
    SELECT a.change_request_id AS number, count(*) AS given,
        string_agg(u.pseudonym, ' ' ORDER BY u.pseudonym COLLATE "C") AS people,
        array_agg(a.person_id) AS ids,
        min(a.given_at) AS first_at, max(a.given_at) AS last_at
    FROM chosen c JOIN releases_approval a ON a.change_request_id = c.number
        JOIN catalog_user u ON u.id = a.person_id
    WHERE a.voided_at IS NULL AND a.decision = 'approved'
    GROUP BY a.change_request_id
),
waived AS (
    SELECT g.change_request_id AS number, count(*) AS gates
    FROM chosen c JOIN releases_gateresult g ON g.change_request_id = c.number
    WHERE g.outcome = 'waived'
    GROUP BY g.change_request_id
)
SELECT 'CR-' || c.number AS change_request, c.project, en.name AS environment, en.tier,
    p.risk_tier, cr.kind, r.version AS release, r.content_digest, cr.state,
    asker.pseudonym AS requested_by, {NAME.format("asker")} AS requested_by_name, cr.requested_at,
    sealer.pseudonym AS sealed_by, pol.name AS policy, pv.number AS policy_version,
    pv.digest AS policy_digest, st.digest AS statement_digest,
    (SELECT coalesce(sum((rule ->> 'required')::int), 0)
        FROM jsonb_array_elements(cr.rules) rule) AS approvals_required,
    coalesce(s.given, 0) AS approvals_given, coalesce(s.people, '') AS approved_by,
    cr.requested_by_id = ANY(s.ids) AS approver_is_requester,
    r.sealed_by_id = ANY(s.ids) AS approver_is_sealer,
    s.first_at AS first_approved_at, s.last_at AS last_approved_at, t.rules_met_at,
    t.deploying_at AS deployment_started_at, cr.deployed_at,
    t.rules_met_at <= t.deploying_at AS approval_before_deployment,
    coalesce(w.gates, 0) AS gates_waived,
    coalesce(t.events, 0) AS events, coalesce(t.unsealed, 0) AS unsealed_events,
    t.first_leaf, t.last_leaf
FROM chosen c
    JOIN releases_changerequest cr ON cr.number = c.number
    JOIN catalog_project p ON p.id = cr.project_id
    JOIN catalog_environment en ON en.id = cr.environment_id
    JOIN releases_release r ON r.id = cr.release_id
    JOIN catalog_user asker ON asker.id = cr.requested_by_id
    JOIN catalog_user sealer ON sealer.id = r.sealed_by_id
    LEFT JOIN releases_policyversion pv ON pv.id = cr.policy_version_id
    LEFT JOIN releases_policy pol ON pol.id = pv.policy_id
    LEFT JOIN releases_statement st ON st.id = cr.statement_id
    LEFT JOIN told t ON t.stream = c.stream
    LEFT JOIN signed s ON s.number = c.number
    LEFT JOIN waived w ON w.number = c.number
ORDER BY c.number
"""

_APPROVALS: Final = f"""
WITH {CHOSEN},
recorded AS (
    SELECT e.id, e.uid, e.facts #>> '{{data,approval}}' AS approval, {SEALED} AS idx,
        e.leaf_hash
    FROM chosen c JOIN audit_event e ON e.stream = c.stream LEFT JOIN audit_leaf l ON l.event_id = e.id
    WHERE e.type IN ('releases.approved', 'releases.rejected')
)
SELECT a.id AS approval, 'CR-' || c.number AS change_request, u.pseudonym AS person,
    a.person_name AS printed_name, array_to_string(a.roles, ' ') AS roles, a.decision,
    CASE a.decision WHEN 'approved' THEN 'approval' ELSE 'rejection' END AS meaning,
    st.digest AS statement_digest, a.given_at, a.voided_at, a.void_reason,
    e.uid AS event, e.idx AS leaf_index, encode(e.leaf_hash, 'hex') AS leaf_hash
FROM chosen c
    JOIN releases_approval a ON a.change_request_id = c.number
    JOIN releases_statement st ON st.id = a.statement_id
    JOIN catalog_user u ON u.id = a.person_id
    LEFT JOIN recorded e ON e.approval = a.id::text
ORDER BY a.id
"""

_RELEASES: Final = f"""
WITH {CHOSEN},
used AS (SELECT DISTINCT release_id FROM chosen)
SELECT p.slug AS project, r.version AS release, r.content_digest, u.pseudonym AS sealed_by,
    {NAME.format("u")} AS sealed_by_name, r.sealed_at,
    (SELECT count(*) FROM releases_releaseitem i WHERE i.release_id = r.id) AS items,
    e.uid AS event, {SEALED} AS leaf_index
FROM used
    JOIN releases_release r ON r.id = used.release_id
    JOIN catalog_project p ON p.id = r.project_id
    JOIN catalog_user u ON u.id = r.sealed_by_id
    LEFT JOIN audit_event e ON e.stream = 'release/' || r.id AND e.type = 'releases.sealed'
    LEFT JOIN audit_leaf l ON l.event_id = e.id
ORDER BY r.id
"""

_VERSIONS: Final = f"""
WITH {CHOSEN},
used AS (
    SELECT DISTINCT i.artifact_version_id FROM chosen c
        JOIN releases_releaseitem i ON i.release_id = c.release_id
)
SELECT p.slug AS project, a.name AS artifact, a.kind, v.version, v.digest, v.uri, v.repository,
    v.commit, v.build_url, jsonb_array_length(v.authors) AS authors, u.pseudonym AS registered_by,
    v.registered_at, e.uid AS event, {SEALED} AS leaf_index
FROM used
    JOIN catalog_artifactversion v ON v.id = used.artifact_version_id
    JOIN catalog_artifact a ON a.id = v.artifact_id
    JOIN catalog_project p ON p.id = a.project_id
    JOIN catalog_user u ON u.id = v.registered_by_id
    LEFT JOIN audit_event e
        ON e.stream = 'artifact-version/' || v.id AND e.type = 'catalog.artifact_version_registered'
    LEFT JOIN audit_leaf l ON l.event_id = e.id
ORDER BY v.id
"""

_EVIDENCE: Final = f"""
WITH {CHOSEN},
about AS (
    SELECT DISTINCT release_id, NULL::bigint AS version_id FROM chosen
    UNION
    SELECT NULL, i.artifact_version_id FROM chosen c
        JOIN releases_releaseitem i ON i.release_id = c.release_id
)
SELECT v.id AS evidence, p.slug AS project, v.kind, v.sha256, v.size, v.outcome, v.summary,
    coalesce('release/' || v.release_id, 'artifact-version/' || v.artifact_version_id) AS about,
    v.parser_version, u.pseudonym AS added_by, v.added_at, v.valid_until,
    e.uid AS event, {SEALED} AS leaf_index
FROM about
    JOIN releases_evidence v
        ON v.release_id = about.release_id OR v.artifact_version_id = about.version_id
    JOIN catalog_project p ON p.id = v.project_id
    JOIN catalog_user u ON u.id = v.added_by_id
    LEFT JOIN audit_event e
        ON e.stream = coalesce('release/' || v.release_id, 'artifact-version/' || v.artifact_version_id)
        AND e.type = 'releases.evidence_added' AND e.facts #>> '{{object,id}}' = v.id::text
    LEFT JOIN audit_leaf l ON l.event_id = e.id
ORDER BY v.id
"""

_REVIEWS: Final = f"""
SELECT v.id AS access_review, p.slug AS project, u.pseudonym AS owner, v.state, v.opened_at, v.due_at,
    v.signed_at, v.digest, jsonb_array_length(v.document -> 'rights') AS kept,
    jsonb_array_length(v.document -> 'revoked') AS revoked,
    jsonb_array_length(v.document -> 'combinations') AS combinations,
    e.uid AS event, {SEALED} AS leaf_index
FROM releases_accessreview v
    JOIN catalog_project p ON p.id = v.project_id
    JOIN catalog_user u ON u.id = v.owner_id
    LEFT JOIN audit_event e
        ON e.stream = 'access-review/' || v.id AND e.type = 'releases.access_review_signed'
    LEFT JOIN audit_leaf l ON l.event_id = e.id
WHERE (%(project)s::text IS NULL OR p.slug = %(project)s)
    AND v.opened_at < coalesce(%(until)s::timestamptz, 'infinity')
    AND coalesce(v.signed_at, 'infinity') >= coalesce(%(since)s::timestamptz, '-infinity')
ORDER BY v.id
"""

_STREAMS: Final = f"""
WITH {CHOSEN}
SELECT number, stream, true FROM chosen
UNION ALL SELECT number, 'release/' || release_id, true FROM chosen
UNION ALL SELECT c.number, 'artifact-version/' || i.artifact_version_id, true
    FROM chosen c JOIN releases_releaseitem i ON i.release_id = c.release_id
UNION ALL SELECT number, 'environment/' || environment_id, false FROM chosen
"""

_IN_PROJECT: Final = "(%(project)s::text IS NULL OR {} = %(project)s)"

_COLUMNS: Final = {
    "about": "What the report is about, by the stream of its history",
    "access_review": "Key of the review",
    "added_at": "When it was added (UTC)",
    "added_by": "Who added it, by pseudonym",
    "approval": "Key of the signature",
    "approval_before_deployment": "Y when every approval rule was met before the work began, N when not; "
    "empty when it did not begin or the rules were never met",
    "approvals_given": "Yes-signatures that still stand",
    "approvals_required": "Signatures that the rules of the policy ask for together",
    "approved_by": "Who gave those that stand, by pseudonym",
    "approver_is_requester": "Y when one of them had asked for the change: must not be",
    "approver_is_sealer": "Y when one of them had sealed the release: must not be",
    "artifact": "Name of the artifact",
    "authors": "How many authors of it are known; who they are, the portal compares and a pack does not tell",
    "build_url": "Where it was built",
    "change_request": "Its label",
    "combinations": "Combinations of rights that the reviewer was shown as worth a look",
    "commit": "Commit that it was built from",
    "content_digest": "SHA-256 over all that is in the release: what the signatures are bound to",
    "decision": "approved or rejected",
    "deployed_at": "When it was carried out and verified (UTC); empty when it was not",
    "deployment_started_at": "When the work first began (UTC)",
    "digest": "Digest by which it is identified",
    "due_at": "Until when it was to be done (UTC)",
    "environment": "Where it was to go",
    "events": "Entries in its history",
    "evidence": "Key of the report",
    "first_approved_at": "When the first signature that stands was given (UTC)",
    "first_leaf": "Place of its first entry in the log",
    "gates_waived": "Gates that did not pass and were waived by somebody",
    "items": "How many artifact versions are in it",
    "kept": "Rights that the review confirmed",
    "kind": "What sort of change it is: promotion, rollback or emergency",
    "last_approved_at": "When the last signature that stands was given (UTC)",
    "last_leaf": "Place of its last entry in the log that the pack's checkpoint covers",
    "opened_at": "When it was begun (UTC)",
    "owner": "Who had to do it, by pseudonym",
    "parser_version": "Version of the program that read the report",
    "person": "Who signed, by pseudonym",
    "policy": "Policy under which it was judged",
    "policy_digest": "SHA-256 of that version of the policy",
    "policy_version": "Its version",
    "printed_name": "Name of who signed, as it was then",
    "registered_at": "When it was registered (UTC)",
    "registered_by": "Who registered it, by pseudonym",
    "release": "Version of the release",
    "repository": "Where its source lies",
    "requested_at": "When it was asked for (UTC)",
    "requested_by": "Who asked, by pseudonym",
    "requested_by_name": "Their name, as the portal knows it today",
    "revoked": "Rights that the review took away",
    "risk_tier": "How much harm the project can do, as its owners say",
    "roles": "Roles in which they signed",
    "rules_met_at": "When every approval rule was last met (UTC)",
    "sealed_at": "When the release was closed (UTC): nothing in it changes after that",
    "sealed_by": "Who closed the release, by pseudonym",
    "sealed_by_name": "Their name, as the portal knows it today",
    "sha256": "SHA-256 of the report's bytes",
    "signed_at": "When its owner signed it (UTC); empty while it is open",
    "size": "Bytes",
    "state": "How it stands",
    "statement_digest": "SHA-256 of what was signed: release, environment, target, policy, gates and kind",
    "summary": "What the report says, in a sentence",
    "tier": "What sort of environment it is",
    "unsealed_events": "Entries that the pack's checkpoint does not cover: until the next one they are the "
    "portal's word",
    "uri": "Where it lies",
    "valid_until": "Until when the report counts (UTC)",
    "version": "Version of the artifact",
    "void_reason": "What changed, so that it no longer counts",
    "voided_at": "Since when the signature no longer counts (UTC); empty when it does",
}

SOURCE: Final = PopulationSource(
    columns=_COLUMNS,
    populations=(
        Population(
            name="change_requests",
            title="Change requests to which something happened in the period",
            source=("releases_changerequest", "releases_approval", "audit_event", "audit_leaf"),
            sql=_CHANGE_REQUESTS,
        ),
        Population(
            name="approvals",
            title="Signatures, yes and no, under these change requests",
            source=("releases_approval", "audit_event", "audit_leaf"),
            sql=_APPROVALS,
            columns={"meaning": "What the signature means (21 CFR 11.50): approval or rejection"},
        ),
        Population(
            name="releases",
            title="Releases that these change requests put somewhere",
            source=("releases_release", "audit_event", "audit_leaf"),
            sql=_RELEASES,
        ),
        Population(
            name="artifact_versions",
            title="What is in these releases, by digest",
            source=("catalog_artifactversion", "releases_releaseitem", "audit_event", "audit_leaf"),
            sql=_VERSIONS,
            columns={
                "kind": "What sort of thing it is: image, model, dataset, package, chart or file"
            },
        ),
        Population(
            name="evidence",
            title="Reports about these releases and what is in them",
            source=("releases_evidence", "audit_event", "audit_leaf"),
            sql=_EVIDENCE,
            columns={
                "kind": "Format of the report",
                "outcome": "What the report came to: pass, fail, inconclusive or error",
            },
        ),
        Population(
            name="access_reviews",
            title="Reviews of who may do what, and what they decided",
            source=("releases_accessreview", "audit_event", "audit_leaf"),
            sql=_REVIEWS,
            columns={"digest": "SHA-256 of the document that was signed"},
        ),
    ),
    reconciliations=(
        Reconciliation(
            check="Change requests: submitted in the log, and in the table",
            expected=f"""SELECT count(*) FROM audit_event
                WHERE type = 'releases.submitted' AND {_IN_PROJECT.format("project")}
                AND (%(environment)s::text IS NULL OR facts #>> '{{data,environment}}' = %(environment)s)
                AND (%(numbers)s::bigint[] IS NULL OR stream IN
                    (SELECT 'change-request/' || n FROM unnest(%(numbers)s::bigint[]) n))""",
            actual=f"""SELECT count(*) FROM releases_changerequest cr
                JOIN catalog_project p ON p.id = cr.project_id
                JOIN catalog_environment en ON en.id = cr.environment_id
                WHERE {_IN_PROJECT.format("p.slug")}
                AND (%(environment)s::text IS NULL OR en.name = %(environment)s)
                AND (%(numbers)s::bigint[] IS NULL OR cr.number = ANY(%(numbers)s::bigint[]))""",
        ),
        Reconciliation(
            check="Signatures under the listed change requests: in the log, and in the table",
            expected=f"""WITH {CHOSEN} SELECT count(*) FROM chosen c
                JOIN audit_event e ON e.stream = c.stream
                WHERE e.type IN ('releases.approved', 'releases.rejected')""",
            actual=f"""WITH {CHOSEN} SELECT count(*) FROM chosen c
                JOIN releases_approval a ON a.change_request_id = c.number""",
        ),
        Reconciliation(
            check="Releases: sealed in the log, and in the table",
            expected=f"""SELECT count(*) FROM audit_event
                WHERE type = 'releases.sealed' AND {_IN_PROJECT.format("project")}""",
            actual=f"""SELECT count(*) FROM releases_release r
                JOIN catalog_project p ON p.id = r.project_id WHERE {_IN_PROJECT.format("p.slug")}""",
        ),
        Reconciliation(
            check="Evidence: added in the log, and in the table",
            expected=f"""SELECT count(*) FROM audit_event
                WHERE type = 'releases.evidence_added' AND {_IN_PROJECT.format("project")}""",
            actual=f"""SELECT count(*) FROM releases_evidence v
                JOIN catalog_project p ON p.id = v.project_id WHERE {_IN_PROJECT.format("p.slug")}""",
        ),
        Reconciliation(
            check="Signatures by who asked for the change or sealed the release: none",
            expected="SELECT 0",
            actual=f"""WITH {CHOSEN} SELECT count(*) FROM chosen c
                JOIN releases_changerequest cr ON cr.number = c.number
                JOIN releases_release r ON r.id = cr.release_id
                JOIN releases_approval a ON a.change_request_id = c.number
                WHERE a.decision = 'approved' AND a.voided_at IS NULL
                    AND a.person_id IN (cr.requested_by_id, r.sealed_by_id)""",
        ),
    ),
    streams=_STREAMS,
)
