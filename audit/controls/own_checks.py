"""What the log shows of itself."""

from typing import Final

from audit.controls.check import Check, CheckSource

IN_PERIOD: Final = (
    "{0} >= coalesce(%(since)s::timestamptz, '-infinity')"
    " AND {0} < coalesce(%(until)s::timestamptz, 'infinity')"
)
"""Of a column of times; format it with the column."""

IN_PROJECTS: Final = "(%(projects)s::text[] IS NULL OR {0} = ANY(%(projects)s::text[]))"
"""Of a column of slugs."""

_SEALED: Final = f"""
SELECT 'log' AS about, '' AS id, 'Entries under the tree' AS label, NULL::timestamptz AS at,
    true AS holds, '' AS why,
    (SELECT count(*) FROM audit_event e
        WHERE {IN_PROJECTS.format("e.project")} AND {IN_PERIOD.format("e.recorded_at")})
    - (SELECT count(*) FROM audit_pending w JOIN audit_event e ON e.id = w.event_id
        WHERE {IN_PROJECTS.format("e.project")} AND {IN_PERIOD.format("e.recorded_at")})
    - (SELECT count(*) FROM audit_refusedentry r JOIN audit_event e ON e.id = r.event_id
        WHERE {IN_PROJECTS.format("e.project")} AND {IN_PERIOD.format("e.recorded_at")}) AS cases
UNION ALL
SELECT 'event', e.id::text, e.type, e.recorded_at, false,
    'It was recorded and is not under the tree: the sequencer does not keep up.', 1
FROM audit_pending w JOIN audit_event e ON e.id = w.event_id
WHERE e.recorded_at < clock_timestamp() - interval '1 minute'
    AND {IN_PROJECTS.format("e.project")} AND {IN_PERIOD.format("e.recorded_at")}
UNION ALL
SELECT 'event', e.id::text, e.type, e.recorded_at, false, 'It was kept out of the tree. ' || r.reason, 1
FROM audit_refusedentry r JOIN audit_event e ON e.id = r.event_id
WHERE {IN_PROJECTS.format("e.project")} AND {IN_PERIOD.format("e.recorded_at")}
"""

_DAYS: Final = f"""
SELECT d.day FROM generate_series(
    (SELECT date_trunc('day', min(signed_at), 'UTC') + interval '1 day' FROM audit_checkpoint),
    date_trunc('day', clock_timestamp(), 'UTC') - interval '1 day', interval '1 day'
) d (day) WHERE {IN_PERIOD.format("d.day")}
"""

_VERIFIED: Final = """
SELECT 'log' AS about, '' AS id, to_char(d.day AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS label, d.day AS at,
    r.good IS NOT NULL AND r.good AS holds,
    CASE WHEN r.good IS NULL THEN 'The log was not verified on that day.'
        ELSE 'A verification found something wrong; see how the log is.' END AS why,
    1::bigint AS cases
FROM days d
    LEFT JOIN LATERAL (SELECT bool_and(v.ok) AS good FROM audit_verificationrun v
        WHERE v.finished_at >= d.day AND v.finished_at < d.day + interval '1 day') r ON true
UNION ALL
SELECT 'log', '', 'Verification ' || v.id, v.finished_at, v.ok,
    'It found something wrong; see how the log is.', 1
FROM audit_verificationrun v
WHERE v.finished_at >= date_trunc('day', clock_timestamp(), 'UTC')
"""

_WITNESSED: Final = """
SELECT 'log' AS about, '' AS id, to_char(d.day AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS label, d.day AS at,
    c.size <= coalesce((SELECT max(w.size) FROM audit_quorum q
        JOIN audit_checkpoint w ON w.id = q.checkpoint_id WHERE w.origin = c.origin), 0) AS holds,
    'What was signed on that day is not covered by the witnesses that the policy asks for.' AS why,
    1::bigint AS cases
FROM days d
    JOIN LATERAL (SELECT k.size, k.origin FROM audit_checkpoint k
        WHERE k.signed_at >= d.day AND k.signed_at < d.day + interval '1 day'
        ORDER BY k.id DESC LIMIT 1) c ON true
WHERE EXISTS (SELECT FROM audit_quorum)
"""

_ALARMS: Final = f"""
SELECT 'log' AS about, '' AS id, a.sentence AS label, a.raised_at AS at, a.lifted_at IS NOT NULL AS holds,
    'It is open: see how the log is.' AS why, 1::bigint AS cases
FROM audit_alarm a WHERE {IN_PERIOD.format("a.raised_at")}
"""

_REFUSALS: Final = f"""
SELECT 'event' AS about, e.id::text AS id, e.type AS label, e.recorded_at AS at,
    e.actor <> '' AND e.facts ? 'source' AS holds,
    'The entry does not say who tried, or from where.' AS why, 1::bigint AS cases
FROM audit_event e
WHERE e.facts ->> 'outcome' IN ('failure', 'denied', 'error')
    AND {IN_PROJECTS.format("e.project")} AND {IN_PERIOD.format("e.recorded_at")}
"""

SOURCE: Final = CheckSource(
    shared={"days": _DAYS},
    checks=(
        Check(
            name="log-sealed",
            title="Every entry of the audit log is under its tree",
            cases="entries",
            source=("audit_event", "audit_pending", "audit_refusedentry"),
            sql=_SEALED,
        ),
        Check(
            name="log-verified",
            title="The whole log was verified every day, with a good result",
            cases="days",
            source=("audit_verificationrun", "audit_checkpoint"),
            sql=_VERIFIED,
            needs=("days",),
            of_portal=True,
        ),
        Check(
            name="log-witnessed",
            title="What was signed is covered by independent witnesses",
            cases="days",
            source=("audit_checkpoint", "audit_quorum"),
            sql=_WITNESSED,
            needs=("days",),
            of_portal=True,
        ),
        Check(
            name="alarms-answered",
            title="Alarms about the log were dealt with",
            cases="alarms",
            source=("audit_alarm",),
            sql=_ALARMS,
            of_portal=True,
        ),
        Check(
            name="refusals-recorded",
            title="What was refused or failed is recorded, with who tried and from where",
            cases="refusals and failures",
            source=("audit_event",),
            sql=_REFUSALS,
        ),
    ),
)
