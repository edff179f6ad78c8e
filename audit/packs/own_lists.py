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

SOURCE: Final = PopulationSource(
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
