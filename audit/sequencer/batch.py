"""One batch: take what waits, number it, grow the tree, commit."""

import logging
from collections.abc import Mapping
from typing import Any, Final

import psycopg

from audit.sequencer.form import flaw_of
from audit.tlog.merkle import Frontier

LARGEST_BATCH: Final = 5000
"""Bounds the transaction's WAL and the time for which another sequencer waits."""

AT_ONCE: Final = 500
"""Entries held in memory at once; one has at most 64 KiB."""

Connection = psycopg.Connection[tuple[Any, ...]]
Cursor = psycopg.Cursor[tuple[Any, ...]]

log = logging.getLogger("gatehouse.sequencer")


class Halted(Exception):
    """Nothing may be put into the tree; the message is the sentence of whoever halted it."""


class AnotherLeads(Exception):
    """Another sequencer holds the tree's row."""


class _Flawed(Exception):
    """Entries of the batch are not what an entry is.

    Attributes:
        flaws: by their events, what is wrong with them.
        whole: the other events of the batch.
    """

    def __init__(self, flaws: Mapping[int, str], whole: list[int]) -> None:
        super().__init__()
        self.flaws = flaws
        self.whole = whole


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
    {which} ORDER BY p.event_id LIMIT %(limit)s
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
SELECT event_id, leaf_hash FROM numbered ORDER BY idx
"""
_OLDEST: Final = _TAKE.format(which="")
_THESE: Final = _TAKE.format(which="WHERE p.event_id = ANY(%(events)s)")
_ENTRIES: Final = "SELECT id, entry FROM audit_event WHERE id = ANY(%s) ORDER BY id"
_GROW: Final = """
UPDATE audit_tree SET size = %s, frontier = %s, root = %s, sequenced_at = clock_timestamp() WHERE id = 1
"""
_SET_ASIDE: Final = """
WITH refused AS (
    INSERT INTO audit_refusedentry (event_id, reason)
    SELECT r.event_id, r.reason FROM unnest(%s::bigint[], %s::text[]) AS r (event_id, reason)
        JOIN audit_pending p USING (event_id)
)
DELETE FROM audit_pending WHERE event_id = ANY(%s)
"""


def take_batch(connection: Connection, limit: int = LARGEST_BATCH) -> int:
    """Put the events that wait into the tree, oldest first, in one durable transaction.

    If entries among them are not in their one form, these are set aside instead (docs/adr/0027).

    Args:
        connection: in autocommit mode.
        limit: more than there can be transactions at once, or those that wait for each other stop it.

    Returns:
        How many were taken out of the queue, at most ``limit``.

    Raises:
        AnotherLeads: another sequencer is at it.
        Halted: somebody found a reason to stop.
        psycopg.Error: the database did not do it, or the connection was lost before it said so.
    """
    wanted = {"limit": limit}
    try:
        with connection.transaction(), connection.cursor(binary=True) as cursor:
            taken = _grow(cursor, _OLDEST, wanted)
            _require_their_form(cursor, taken)
            return len(taken)
    except _Flawed as found:
        # All at once: whoever writes such entries all the time must not keep the others from their place.
        with connection.transaction(), connection.cursor(binary=True) as cursor:
            _set_aside(cursor, found.flaws)
            _grow(cursor, _THESE, {"limit": limit, "events": found.whole})
            return len(found.flaws) + len(found.whole)


def _lead(cursor: Cursor) -> Frontier:
    try:
        row = cursor.execute(_LEAD).fetchone()
    except psycopg.errors.LockNotAvailable as error:
        raise AnotherLeads from error
    if row is None:
        raise Halted("The tree's row is missing from the database: it is not as it was migrated.")
    size, hashes, reason = row
    if reason is not None:
        raise Halted(reason)
    try:
        return Frontier(size, hashes)
    except ValueError as error:
        raise Halted(f"The tree's row in the database was changed: {error}") from error


def _grow(cursor: Cursor, statement: str, wanted: Mapping[str, Any]) -> list[int]:
    """Give the wanted events their places; return which ones."""
    frontier = _lead(cursor)
    taken = cursor.execute(statement, {"size": frontier.size, **wanted}).fetchall()
    if taken:
        frontier.extend(leaf for _, leaf in taken)
        cursor.execute(_GROW, [frontier.size, frontier.hashes, frontier.root()])
        # So that whoever publishes need not ask all the time.
        cursor.execute("NOTIFY audit_tree")
    return [event_id for event_id, _ in taken]


def _require_their_form(cursor: Cursor, events: list[int]) -> None:
    flaws: dict[int, str] = {}
    for start in range(0, len(events), AT_ONCE):
        cursor.execute(_ENTRIES, [events[start : start + AT_ONCE]])
        for event_id, entry in cursor:
            if flaw := flaw_of(entry):
                flaws[event_id] = flaw
    if flaws:
        raise _Flawed(flaws, [event_id for event_id in events if event_id not in flaws])


def _set_aside(cursor: Cursor, flaws: Mapping[int, str]) -> None:
    """Take entries out of the queue, for good and in the open; the tree goes on without them."""
    _lead(cursor)
    cursor.execute(_SET_ASIDE, [list(flaws), list(flaws.values()), list(flaws)])
    for event_id, flaw in flaws.items():
        log.error("Event %s is not put into the tree. %s", event_id, flaw)


def something_waits(connection: Connection) -> bool:
    """Whether the queue holds anything; takes no lock."""
    row = connection.execute("SELECT EXISTS (SELECT FROM audit_pending)").fetchone()
    return bool(row and row[0])
