"""The owner's hand on tables that refuse everybody's, for the length of one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

from django.db import connection

from audit.recovery.errors import CannotRecover
from audit.tlog.merkle import Frontier

_ASLEEP: Final = (
    ("audit_event", "audit_event_is_composed_here"),
    ("audit_leaf", "audit_leaf_refuses_change"),
    ("audit_tree", "audit_tree_only_grows"),
)
_CHUNK: Final = 20_000


class Held(NamedTuple):
    """The tree as the database holds it, locked until the transaction ends."""

    origin: str
    incarnation: int
    size: int


def execute(statement: str, parameters: list[Any] | None = None) -> list[tuple[Any, ...]]:
    """Run a statement of this module's callers; return its rows, if it gives any."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        found: list[tuple[Any, ...]] = cursor.fetchall() if cursor.description else []
    return found


def hold_tree() -> Held:
    """Keep every sequencer away until the transaction ends, and return the tree.

    Raises:
        CannotRecover: the connection is not the owner's.
    """
    if not execute(
        "SELECT 1 FROM pg_class WHERE relname = 'audit_event' AND pg_has_role(relowner, 'USAGE')"
    ):
        raise CannotRecover(
            "Only the owner of the schema can recover the log:  GATEHOUSE_DB_ROLE=owner manage.py recover_log"
        )
    execute("SET LOCAL statement_timeout = 0")
    rows = execute("SELECT origin, incarnation, size FROM audit_tree WHERE id = 1 FOR UPDATE")
    if not rows:
        raise CannotRecover("The tree's row is missing from the database: migrate it first.")
    return Held(*rows[0])


@contextmanager
def unguarded() -> Iterator[None]:
    """Let the owner write what the triggers would refuse or stamp; they are awake again afterwards.

    If the block fails, the transaction is undone and the triggers never slept.
    """
    for table, trigger in _ASLEEP:
        execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
    yield
    execute("SET CONSTRAINTS ALL IMMEDIATE")
    for table, trigger in _ASLEEP:
        execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}")


def leaf_hashes() -> Iterator[list[bytes]]:
    """Yield the hashes of the leaves in their order, in chunks."""
    with connection.chunked_cursor() as cursor:
        cursor.execute("SELECT leaf_hash FROM audit_leaf ORDER BY idx")
        while found := cursor.fetchmany(_CHUNK):
            yield [bytes(leaf) for (leaf,) in found]


def settle_tree(origin: str, incarnation: int) -> Frontier:
    """Compute the tree from its leaves and write its row; nothing is halted any more."""
    frontier = Frontier()
    for hashes in leaf_hashes():
        frontier.extend(hashes)
    execute(
        """
        UPDATE audit_tree SET origin = %s, incarnation = %s, size = %s, frontier = %s, root = %s,
            sequenced_at = clock_timestamp() WHERE id = 1
        """,
        [origin, incarnation, frontier.size, frontier.hashes, frontier.root()],
    )
    execute("DELETE FROM audit_halt")
    return frontier
