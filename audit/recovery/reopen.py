"""Open a new log under the next name, whose first entry holds the last checkpoint of the one before."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction

from audit.audit_events import AuditEvent
from audit.publishing.places import origin_of
from audit.record import Actor, Receipt, record
from audit.recovery.errors import CannotRecover
from audit.recovery.published import Published
from audit.recovery.tables import execute, hold_tree, settle_tree, unguarded
from audit.signer.state import State
from audit.tlog.tiles import Edge


@dataclass(frozen=True)
class _Incarnation:
    """The n-th log as the subject of its first event, which begins a stream of its own."""

    number: int
    audit_project: str | None = None

    @property
    def audit_stream(self) -> str:
        """A stream whose first number is the log's first leaf."""
        return f"audit-log/{self.number}"

    @property
    def audit_object(self) -> dict[str, Any]:
        """Its identity in the entry."""
        return {"type": "audit-log", "id": self.number, "label": f"audit log {self.number}"}


def reopen(published: Published, name: str, state_file: Path, *, by: Actor) -> str:
    """Put every event that the database holds into a new tree, and let the signer sign that one.

    The published files of the old log stay where they are; its proofs stay valid.

    Args:
        published: the old log.
        name: of the first log.
        state_file: the signer's memory.
        by: who does it.

    Returns:
        The new log's name.

    Raises:
        CannotRecover: the database holds another log.
    """
    number = published.incarnation + 1
    origin = origin_of(name, number)
    with transaction.atomic(durable=True):
        held = hold_tree()
        if held.origin not in {published.state.origin, origin, ""}:
            raise CannotRecover(
                f"The database holds the log {held.origin}, and {published.state.origin} was signed."
            )
        if held.origin != origin:  # else an earlier attempt came as far as here
            _reopen_tables(published, number, origin, by=by)
    shutil.copyfile(state_file, f"{state_file}.{published.incarnation}")
    State(origin, Edge()).save(state_file)
    return origin


def _reopen_tables(published: Published, number: int, origin: str, *, by: Actor) -> None:
    note = published.note()
    checkpoint = published.state.checkpoint
    receipt = record(
        AuditEvent.LOG_REOPENED,
        subject=_Incarnation(number),
        by=by,
        origin=origin,
        before=checkpoint.origin,
        size=checkpoint.size,
        root=checkpoint.root.hex(),
        checkpoint=bytes(note).decode() if note else checkpoint.text,
    )
    with unguarded():
        _put_first(receipt)
        settle_tree(origin, number)


def _put_first(receipt: Receipt) -> None:
    execute("CREATE TEMPORARY TABLE former ON COMMIT DROP AS TABLE audit_leaf")
    execute("DELETE FROM audit_leaf")
    execute(
        "INSERT INTO audit_leaf (idx, event_id, leaf_hash) VALUES (0, %s, %s)",
        [receipt.event_id, receipt.leaf_hash],
    )
    execute(
        """
        INSERT INTO audit_leaf (idx, event_id, leaf_hash)
        SELECT row_number() OVER (ORDER BY idx), event_id, leaf_hash FROM former
        """
    )
    execute("DELETE FROM audit_pending WHERE event_id = %s", [receipt.event_id])
