"""The lists that the log itself fills, whatever the apps above it are."""

from typing import Final

from audit.packs.population import Population, PopulationSource, Reconciliation

PERIOD: Final = """
    e.recorded_at >= coalesce(%(since)s::timestamptz, '-infinity')
    AND e.recorded_at < coalesce(%(until)s::timestamptz, 'infinity')
"""
"""Of an event ``e``."""

SEALED: Final = "CASE WHEN l.idx < %(size)s THEN l.idx END"
"""The index of a leaf ``l``, if the pack's checkpoint covers it."""

_REFUSED: Final = f"""
SELECT e.recorded_at AS at, e.type, e.facts ->> 'outcome' AS outcome, e.actor,
    e.project, e.stream, e.stream_seq AS number, e.facts #>> '{{data,why}}' AS why,
    e.uid AS event, {SEALED} AS leaf_index
FROM audit_event e LEFT JOIN audit_leaf l ON l.event_id = e.id
WHERE e.facts ->> 'outcome' IN ('failure', 'denied', 'error')
    AND (%(project)s::text IS NULL OR e.project = %(project)s)
    AND (%(numbers)s::bigint[] IS NULL
        OR e.stream IN (SELECT 'change-request/' || n FROM unnest(%(numbers)s::bigint[]) n))
    AND {PERIOD}
ORDER BY e.id
"""

_COLUMNS: Final = {
    "actor": "Who did it, by pseudonym: usr_… is a person or a service account",
    "actor_kind": "person, service or system",
    "actor_name": "Their name, as far as it may be shown and is not erased",
    "actual": "What was found: the tables' side of a comparison, or the cases of what must not be",
    "at": "When it happened (UTC), as the database stamped it",
    "channel": "Through what it came: pages, API, command or worker",
    "check": "What was counted twice",
    "column": "Name in the first line of that file",
    "db_user": "Role of the database in whose name the entry was written",
    "event": "Id of the entry in the log that tells of it",
    "expected": "What it must be: the log's side of the comparison",
    "file": "Path in this pack",
    "leaf_hash": "SHA-256 of a zero byte and the entry: its leaf in the log's tree",
    "leaf_index": "Place of that entry in the log; empty when the pack's checkpoint does not cover it yet",
    "meaning": "What stands in it",
    "number": "Number of the entry in its stream: 1, 2, 3 … without a gap",
    "object": "What it was done to, by its label",
    "object_id": "Key of what it was done to",
    "object_type": "Kind of what it was done to",
    "outcome": "success, failure, denied (refused) or error (ended without a result)",
    "place": "Of the column, from the left",
    "project": "Slug of the project; empty for what belongs to none",
    "result": "equal or different",
    "sentence": "The entry in words",
    "stream": "The thing whose history the entry continues, such as change-request/12",
    "type": "Kind of the event",
    "why": "Why it failed or was refused, as it was said then",
}

SOURCE: Final = PopulationSource(
    columns=_COLUMNS,
    populations=(
        Population(
            name="failed_or_denied",
            title="What failed, was denied, or ended without a result",
            source=("audit_event",),
            sql=_REFUSED,
        ),
    ),
    reconciliations=(
        Reconciliation(
            check="Events of every stream, by its counter and counted",
            expected="SELECT coalesce(sum(last_seq), 0) FROM audit_stream",
            actual="SELECT count(*) FROM audit_event",
        ),
        Reconciliation(
            check="Leaves under the checkpoint, by its size and counted",
            expected="SELECT %(size)s::bigint",
            actual="SELECT count(*) FROM audit_leaf WHERE idx < %(size)s",
        ),
    ),
)
