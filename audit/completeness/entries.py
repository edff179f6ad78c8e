"""The sealed entries in the order of their leaves, streamed: the memory that this takes is bounded."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from django.db import connection

CHUNK: Final = 1000


class Sealed(NamedTuple):
    """One leaf with what belongs to it.

    Attributes:
        idx: of the leaf.
        leaf_hash: as the tree has it.
        event_hash: as the event has it; None if there is no such event.
        entry: the bytes that were hashed.
        agrees: whether the columns that are shown say what the entry says.
        head: the root that was signed for the tree that ends with this leaf, if one was.
    """

    idx: int
    leaf_hash: bytes
    event_hash: bytes | None
    entry: bytes | None
    agrees: bool | None
    head: bytes | None


# The pages read the columns, and only the entry is sealed: whoever changes a column must be found too.
_AGREES: Final = """
    convert_from(e.entry, 'UTF8')::jsonb = jsonb_build_object(
        'at', to_char(e.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'body', e.facts, 'db', e.db_user, 'id', e.uid, 's', e.stream, 'seq', e.stream_seq, 'v', 1)
    AND e.type = e.facts ->> 'type' AND e.actor = e.facts #>> '{actor,id}'
    AND e.project IS NOT DISTINCT FROM e.facts ->> 'project' AND e.body IS NULL
"""
_SEALED: Final = """
COPY (
    SELECT l.idx, l.leaf_hash, e.leaf_hash, e.entry, {agrees}, c.root
    FROM audit_leaf l
    LEFT JOIN audit_event e ON e.id = l.event_id
    LEFT JOIN audit_checkpoint c ON c.size = l.idx + 1 AND c.origin = (SELECT origin FROM audit_tree)
    ORDER BY l.idx
) TO STDOUT (FORMAT binary)
"""
_TYPES: Final = ["int8", "bytea", "bytea", "bytea", "bool", "bytea"]


def sealed_entries(*, with_columns: bool = True) -> Iterator[Sealed]:
    """Yield every leaf of the present snapshot.

    Args:
        with_columns: compare the columns too. Fails if an entry is no JSON any more.

    Raises:
        psycopg.DataError: an entry cannot be compared with its columns.
    """
    statement = _SEALED.format(agrees=_AGREES if with_columns else "NULL::bool")
    connection.ensure_connection()
    with connection.connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(_TYPES)
        yield from map(Sealed._make, copy.rows())
