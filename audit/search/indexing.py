"""Fill the index, leaf by leaf: the sequencer's order has no gaps, so that nothing is passed over."""

from typing import Final

from django.db import connection, transaction

BATCH: Final = 2000

_HELD: Final = """
SELECT c.origin = t.origin, c.size, t.origin, t.size FROM audit_wordscursor c CROSS JOIN audit_tree t
FOR UPDATE OF c SKIP LOCKED
"""
_FILL: Final = """
INSERT INTO audit_words (event_id)
SELECT e.id FROM audit_leaf l JOIN audit_event e ON e.id = l.event_id
WHERE l.idx >= %s AND l.idx < %s ORDER BY l.idx
ON CONFLICT (event_id) DO NOTHING
"""
"""A trigger draws the words from the entry. A leaf of no event has none; the verification names it."""


def index_more(most: int = BATCH) -> int:
    """Index the next sealed entries, at most so many; return how many leaves that were.

    Whoever is busy with it keeps others away; they return 0. After a recovery that opened a new log it
    walks through that one again, and what is indexed stays.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_HELD)
        held = cursor.fetchone()
        if held is None:
            return 0
        is_same, done, origin, size = held
        start = min(done, size) if is_same else 0
        end = min(start + most, size)
        if end > start:
            cursor.execute(_FILL, [start, end])
            cursor.execute("UPDATE audit_wordscursor SET origin = %s, size = %s", [origin, end])
    return int(end - start)
