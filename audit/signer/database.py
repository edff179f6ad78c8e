"""What the signer asks the database, and the little that it tells it."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import psycopg

from audit.tlog.checkpoints import Checkpoint
from audit.tlog.notes import Note

CHUNK: Final = 500
"""Entries held in memory at once; one has at most 64 KiB."""

Connection = psycopg.Connection[tuple[Any, ...]]
_OPTIONS: Final = "-c synchronous_commit=on -c statement_timeout=600000 -c lock_timeout=10000"


class Head(NamedTuple):
    """The tree as the database says it is."""

    origin: str
    incarnation: int
    size: int
    root: bytes


def connect(url: str) -> Connection:
    """Return a connection that commits each statement and hears of the tree's growth."""
    connection = psycopg.connect(
        url,
        options=_OPTIONS,
        connect_timeout=5,
        application_name="gatehouse signer",
        autocommit=True,
    )
    connection.execute("LISTEN audit_tree")
    return connection


def tree_head(connection: Connection) -> Head | None:
    """Return the committed tree; None while no sequencer has given it a name."""
    row = connection.execute("SELECT origin, incarnation, size, root FROM audit_tree").fetchone()
    return Head(row[0], row[1], row[2], bytes(row[3])) if row and row[0] else None


def wait_until_durable(connection: Connection) -> None:
    """Return when all that is visible now would survive a crash.

    A commit of our own is acknowledged once the log of the database is on the disk up to it, and on the
    synchronous standbys if there are any; so is everything before it, whoever wrote it, and however.
    """
    connection.execute("SELECT pg_logical_emit_message(true, 'gatehouse', '')")


def entries(connection: Connection, first: int, end: int) -> Iterator[list[tuple[int, bytes]]]:
    """Yield the leaves ``[first, end)`` with the entries of their events, in chunks."""
    statement = """
        SELECT l.idx, e.entry FROM audit_leaf l JOIN audit_event e ON e.id = l.event_id
        WHERE l.idx >= %s AND l.idx < %s ORDER BY l.idx
    """
    with connection.transaction(), connection.cursor("entries", binary=True) as cursor:
        cursor.execute(statement, [first, end])
        while found := cursor.fetchmany(CHUNK):
            yield [(idx, bytes(entry)) for idx, entry in found]


def keep_checkpoint(connection: Connection, checkpoint: Checkpoint, note: Note) -> None:
    """Keep what was signed and published; once per size."""
    connection.execute(
        """
        INSERT INTO audit_checkpoint (origin, size, root, note) VALUES (%s, %s, %s, %s)
        ON CONFLICT (origin, size) DO NOTHING
        """,
        [checkpoint.origin, checkpoint.size, checkpoint.root, bytes(note).decode()],
    )


def halt(connection: Connection, reason: str) -> None:
    """Let no sequencer go on, and say why; once per reason."""
    connection.execute(
        """
        INSERT INTO audit_halt (said_by, reason)
        SELECT 'signer', %(reason)s
        WHERE NOT EXISTS (SELECT FROM audit_halt WHERE reason = %(reason)s)
        """,
        {"reason": reason},
    )
