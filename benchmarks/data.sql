-- Many projects and a long history, copied from one that went through the actions.
-- Run by a superuser in parts: bench.first … bench.last are the numbers to make, bench.pattern is the
-- change request to copy. What is copied row by row keeps every column that the model has.

SET session_replication_role = replica;  -- no foreign keys, no deferred triggers: the rows are right by design
ALTER TABLE audit_event DISABLE TRIGGER audit_event_is_composed_here;

CREATE TEMP TABLE part AS
SELECT n, 1000 + n AS id, 1000 + 1 + (n - 1) % 200 AS project,
       -- Each round of 200 goes through all projects once; the environments take turns.
       2 * (1000 + 1 + (n - 1) % 200) + ((n - 1) / 200) % 2 AS environment,
       CASE WHEN generation = 1 THEN 'awaiting_approval'
            WHEN generation = 2 THEN 'blocked'
            WHEN generation % 20 = 7 THEN 'failed'
            WHEN generation % 20 = 8 THEN 'rejected'
            ELSE 'deployed' END AS state,
       now() - interval '1 minute' * (100001 - n) AS at,
       'sha256:' || encode(sha256(('release ' || n)::bytea), 'hex') AS digest
FROM (SELECT n, (n - 1) / 200 AS generation
      FROM generate_series(current_setting('bench.first')::int, current_setting('bench.last')::int) n) numbers;
ANALYZE part;

CREATE TEMP TABLE pattern AS
SELECT cr.number, cr.statement_id, cr.release_id AS release_row, i.artifact_version_id AS version_row,
       (SELECT min(id) FROM releases_evidence WHERE artifact_version_id = i.artifact_version_id) AS evidence_row,
       (SELECT min(id) FROM releases_approval WHERE change_request_id = cr.number) AS approval_row
FROM releases_changerequest cr JOIN releases_releaseitem i ON i.release_id = cr.release_id
WHERE cr.number = current_setting('bench.pattern')::bigint;

INSERT INTO catalog_artifactversion
SELECT made.* FROM part CROSS JOIN pattern JOIN catalog_artifactversion old ON old.id = pattern.version_row
CROSS JOIN LATERAL jsonb_populate_record(old, jsonb_build_object(
        'id', part.id, 'artifact_id', part.project, 'version', '1.' || n || '.0', 'registered_at', part.at,
        'digest', 'sha256:' || encode(sha256(('image ' || n)::bytea), 'hex'))) made;

INSERT INTO releases_release
SELECT made.* FROM part CROSS JOIN pattern JOIN releases_release old ON old.id = pattern.release_row
CROSS JOIN LATERAL jsonb_populate_record(old, jsonb_build_object(
        'id', part.id, 'project_id', part.project, 'version', '2026.' || n, 'content_digest', part.digest,
        'sealed_at', part.at)) made;

INSERT INTO releases_releaseitem (id, release_id, artifact_version_id)
SELECT id, id, id FROM part;

INSERT INTO releases_evidence
SELECT made.* FROM part CROSS JOIN pattern JOIN releases_evidence old ON old.id = pattern.evidence_row
CROSS JOIN LATERAL jsonb_populate_record(old, jsonb_build_object(
        'id', part.id, 'project_id', part.project, 'artifact_version_id', part.id, 'added_at', part.at)) made;

INSERT INTO releases_changerequest
SELECT made.* FROM part CROSS JOIN pattern JOIN releases_changerequest old ON old.number = pattern.number
CROSS JOIN LATERAL jsonb_populate_record(old, jsonb_build_object(
        'number', part.id, 'project_id', part.project, 'environment_id', part.environment, 'release_id', part.id,
        'statement_id', part.id, 'requested_at', part.at, 'state', part.state, 'state_since', part.at,
        'expires_at', part.at + interval '14 days', 'check_again_at', NULL,
        'waiting_for', CASE WHEN part.state = 'awaiting_approval' THEN to_jsonb(old.waiting_for) ELSE '[]' END,
        'blocking', CASE WHEN part.state = 'blocked'
            THEN '["The image has no SARIF report. Upload one."]'::jsonb ELSE '[]' END,
        'deployed_at', CASE WHEN part.state = 'deployed' THEN part.at END)) made;

INSERT INTO releases_statement
SELECT made.* FROM part CROSS JOIN pattern JOIN releases_statement old ON old.id = pattern.statement_id
CROSS JOIN LATERAL jsonb_populate_record(old, jsonb_build_object(
        'id', part.id, 'change_request_id', part.id, 'digest', part.digest, 'made_at', part.at)) made;

INSERT INTO releases_gateresult
SELECT made.* FROM part CROSS JOIN pattern JOIN releases_gateresult old ON old.change_request_id = pattern.number
CROSS JOIN LATERAL jsonb_populate_record(old, jsonb_build_object(
        'id', 10 * part.id + old.position, 'change_request_id', part.id, 'item_id', part.id,
        'evidence_id', part.id, 'evaluated_at', part.at)) made;

INSERT INTO releases_approval
SELECT made.* FROM part CROSS JOIN pattern JOIN releases_approval old ON old.id = pattern.approval_row
CROSS JOIN LATERAL jsonb_populate_record(old, jsonb_build_object(
        'id', part.id, 'change_request_id', part.id, 'statement_id', part.id, 'given_at', part.at,
        'decision', CASE WHEN part.state = 'rejected' THEN 'rejected' ELSE 'approved' END)) made;

INSERT INTO deployments_deployment (
    id, change_request_id, environment_id, state, reason, started_at, finished_at, give_up_at,
    lease_holder, lease_until, tries, callback_digest)
SELECT id, id, environment, CASE state WHEN 'deployed' THEN 'succeeded' ELSE 'failed' END,
       CASE state WHEN 'failed' THEN 'Image pull failed: manifest unknown' ELSE '' END,
       at, at + interval '40 seconds', part.at + interval '10 minutes', '', part.at, 0, ''
FROM part WHERE state IN ('deployed', 'failed');

-- The first and the last event of the pattern's stream, for each; composed as the trigger composes them.
INSERT INTO audit_event (id, uid, xid, recorded_at, db_user, stream, stream_seq, body, type, actor,
                         project, facts, entry, leaf_hash)
SELECT 10 * part.id + number, told.uid, pg_current_xact_id(), at, 'gatehouse_app',
       'change-request/' || part.id, number, NULL, old.type, old.actor, p.slug, told.body::jsonb,
       told.entry, sha256('\x00'::bytea || told.entry)
FROM part
JOIN catalog_project p ON p.id = part.project
CROSS JOIN LATERAL (
    SELECT e.type, e.actor, row_number() OVER (ORDER BY stream_seq) AS number,
           substring(convert_from(e.entry, 'UTF8') FROM '"body":(.*),"db":"[^"]*","id":"[^"]*","s":"[^"]*","seq":\d+,"v":1\}$') AS body
    FROM audit_event e
    WHERE stream = 'change-request/' || current_setting('bench.pattern')
      AND type IN ('releases.submitted', 'releases.approved')
) old
CROSS JOIN LATERAL (
    SELECT uid, body, convert_to(
        '{"at":"' || to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '","body":' || body
        || ',"db":"gatehouse_app","id":"' || uid || '","s":"change-request/' || part.id || '","seq":' || number || ',"v":1}',
        'UTF8') AS entry
    FROM (SELECT md5('event ' || 10 * part.id + number)::uuid AS uid, replace(replace(old.body,
        '"id":' || current_setting('bench.pattern') || ',"label":"CR-' || current_setting('bench.pattern') || '"',
        '"id":' || part.id || ',"label":"CR-' || part.id || '"'),
        '"project":"pattern"', '"project":"' || p.slug || '"') AS body) changed
) told;
INSERT INTO audit_pending (event_id) SELECT 10 * part.id + number FROM part, generate_series(1, 2) number;
INSERT INTO audit_stream (stream, last_seq) SELECT 'change-request/' || id, 2 FROM part;
-- Disclosed is what the pattern's own events disclose: under the same keys, and not what was committed to.
INSERT INTO audit_disclosure (event_id, sealed)
SELECT 10 * part.id + number, old.sealed
FROM part
CROSS JOIN LATERAL (
    SELECT d.sealed, row_number() OVER (ORDER BY stream_seq) AS number
    FROM audit_event e JOIN audit_disclosure d ON d.event_id = e.id
    WHERE stream = 'change-request/' || current_setting('bench.pattern')
      AND type IN ('releases.submitted', 'releases.approved')
) old;

ALTER TABLE audit_event ENABLE ALWAYS TRIGGER audit_event_is_composed_here;
DROP TABLE part, pattern;
RESET session_replication_role;

-- What is made from here on gets numbers beyond all of these.
SELECT setval(pg_get_serial_sequence(t, c), 2000000)
FROM (VALUES ('catalog_artifactversion', 'id'), ('releases_release', 'id'), ('releases_releaseitem', 'id'),
             ('releases_evidence', 'id'), ('releases_changerequest', 'number'), ('releases_statement', 'id'),
             ('releases_gateresult', 'id'), ('releases_approval', 'id'), ('deployments_deployment', 'id'),
             ('audit_event', 'id')) AS keys (t, c);
