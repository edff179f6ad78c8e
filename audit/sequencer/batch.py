"""One batch: take what waits, number it, grow the tree, commit."""

from typing import Any, Final

import psycopg

from audit.tlog.merkle import Frontier

LARGEST_BATCH: Final = 5000
"""Bounds the transaction's WAL and the time for which another sequencer waits."""

Connection = psycopg.Connection[tuple[Any, ...]]


class Halted(Exception):
    """Nothing may be put into the tree; the message is the sentence of whoever halted it."""


class AnotherLeads(Exception):
    """Another sequencer holds the tree's row."""


# The row's lock makes the leader. (An advisory lock could be taken by anybody who may connect.)
_LEAD: Final = """
SELECT size, frontier, (SELECT reason FROM audit_halt ORDER BY id LIMIT 1)
FROM audit_tree WHERE id = 1 FOR UPDATE OF audit_tree NOWAIT
"""

# One statement sees one snapshot. An event that another one followed, because it was committed before the
# other's transaction began or took the same lock, is visible wherever the other is, and has the lower id:
# so it is in an earlier batch or earlier in this one. A cursor over ids or times would lose events that
# become visible late; membership in the queue does not.
#
# Within a stream the number counts. It is drawn under the stream's lock, the id before it: of two
# transactions that meet there the one with the lower id may come second. It was committed after the first,
# so whatever followed it has a higher id than both, and it may stand right behind the first. If the limit
# cuts between the two, it waits for the next batch.
_TAKE: Final = """
WITH oldest AS MATERIALIZED (
    SELECT p.event_id, e.stream, e.stream_seq, e.leaf_hash
    FROM audit_pending p JOIN audit_event e ON e.id = p.event_id
    ORDER BY p.event_id LIMIT %(limit)s
), beside AS (
    SELECT *, lag(stream_seq) OVER (PARTITION BY stream ORDER BY stream_seq) AS before FROM oldest
), cut AS (
    SELECT b.stream, min(b.stream_seq) AS seq
    FROM beside b JOIN audit_event e ON e.stream = b.stream AND e.stream_seq = b.stream_seq - 1
        JOIN audit_pending p ON p.event_id = e.id
    WHERE (SELECT count(*) FROM oldest) = %(limit)s AND b.before IS DISTINCT FROM b.stream_seq - 1
    GROUP BY b.stream
), ordered AS (
    SELECT o.*, max(o.event_id) OVER (PARTITION BY o.stream ORDER BY o.stream_seq) AS behind
    FROM oldest o LEFT JOIN cut ON cut.stream = o.stream AND o.stream_seq >= cut.seq
    WHERE cut.stream IS NULL
), numbered AS MATERIALIZED (
    SELECT %(size)s + row_number() OVER (ORDER BY behind, stream_seq) - 1 AS idx, event_id, leaf_hash
    FROM ordered
), placed AS (
    INSERT INTO audit_leaf (idx, event_id, leaf_hash) SELECT idx, event_id, leaf_hash FROM numbered
), dequeued AS (
    DELETE FROM audit_pending p USING numbered n WHERE p.event_id = n.event_id
)
SELECT leaf_hash FROM numbered ORDER BY idx
"""
_GROW: Final = """
UPDATE audit_tree SET size = %s, frontier = %s, root = %s, sequenced_at = clock_timestamp() WHERE id = 1
"""


def take_batch(connection: Connection, limit: int = LARGEST_BATCH) -> int:
    """Put the events that wait into the tree, oldest first, in one durable transaction.

    Args:
        connection: in autocommit mode.
        limit: more than there can be transactions at once, or those that wait for each other stop it.

    Returns:
        How many, at most ``limit``.

    Raises:
        AnotherLeads: another sequencer is at it.
        Halted: somebody found a reason to stop.
        psycopg.Error: the database did not do it, or the connection was lost before it said so.
    """
    with connection.transaction(), connection.cursor(binary=True) as cursor:
        try:
            row = cursor.execute(_LEAD).fetchone()
        except psycopg.errors.LockNotAvailable as error:
            raise AnotherLeads from error
        if row is None:
            raise Halted(
                "The tree's row is missing from the database: it is not as it was migrated."
            )
        size, hashes, reason = row
        if reason is not None:
            raise Halted(reason)
        leaves = cursor.execute(_TAKE, {"limit": limit, "size": size}).fetchall()
        if leaves:
            frontier = Frontier(size, hashes)
            frontier.extend(leaf for (leaf,) in leaves)
            cursor.execute(_GROW, [frontier.size, frontier.hashes, frontier.root()])
            # So that whoever publishes need not ask all the time.
            cursor.execute("NOTIFY audit_tree")
    return len(leaves)


def something_waits(connection: Connection) -> bool:
    """Whether the queue holds anything; takes no lock."""
    row = connection.execute("SELECT EXISTS (SELECT FROM audit_pending)").fetchone()
    return bool(row and row[0])
