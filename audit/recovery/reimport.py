"""Bring the entries that a restore lost back from the published files, byte for byte and in their places."""

from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import Any

import orjson
from django.db import IntegrityError, transaction

from audit.audit_events import AuditEvent
from audit.itself import TheLog
from audit.record import Actor, record
from audit.recovery.errors import CannotRecover
from audit.recovery.published import Published
from audit.recovery.tables import execute, hold_tree, leaf_hashes, settle_tree, unguarded
from audit.tlog.merkle import leaf_hash


@dataclass(frozen=True)
class Reimported:
    """What a recovery did.

    Attributes:
        kept: leaves that the database still had as they were signed.
        imported: entries that came back from the files.
        requeued: leaves of a second tree, which had grown since; their events wait for new places.
    """

    kept: int
    imported: int
    requeued: int


@transaction.atomic(durable=True)
def reimport(published: Published, *, by: Actor) -> Reimported:
    """Make the database hold what was signed. Names and free text behind the entries stay lost.

    Raises:
        CannotRecover: the files are not whole, or since the restore events were recorded whose numbers in
            their streams those of the lost ones are; then only a new log remains.
    """
    held = hold_tree()
    if held.origin not in {"", published.state.origin}:
        raise CannotRecover(
            f"The database holds the log {held.origin}, and {published.state.origin} was signed."
        )
    published.require_tiles()
    kept = _common_prefix(published)
    with unguarded():
        requeued = _requeue(kept)
        imported = _import(published, kept)
        frontier = settle_tree(published.state.origin, published.incarnation)
        if (frontier.size, frontier.root()) != (published.size, published.state.checkpoint.root):
            raise CannotRecover("The leaves do not lead to the signed root after all.")
        _keep_checkpoint(published)
    done = Reimported(kept, imported, requeued)
    record(AuditEvent.LOG_RECOVERED, subject=TheLog(), by=by, **vars(done))
    return done


def _common_prefix(published: Published) -> int:
    """Return how many leaves of the database are those that were signed, from the first on."""
    ours = chain.from_iterable(leaf_hashes())
    signed = chain.from_iterable(published.leaf_hashes())
    for number, (our, theirs) in enumerate(zip_longest(ours, signed)):
        if our != theirs or our is None:
            return number
    return published.size


def _requeue(kept: int) -> int:
    execute("INSERT INTO audit_pending SELECT event_id FROM audit_leaf WHERE idx >= %s", [kept])
    return len(execute("DELETE FROM audit_leaf WHERE idx >= %s RETURNING idx", [kept]))


def _import(published: Published, kept: int) -> int:
    imported = 0
    for index, entry in published.entries(kept):
        envelope: dict[str, Any] = orjson.loads(entry)
        event_id = _present(envelope, entry)
        if event_id is None:
            event_id = _insert(envelope, entry)
            imported += 1
        execute("DELETE FROM audit_pending WHERE event_id = %s", [event_id])
        execute(
            "INSERT INTO audit_leaf (idx, event_id, leaf_hash) VALUES (%s, %s, %s)",
            [index, event_id, leaf_hash(entry)],
        )
    return imported


def _present(envelope: dict[str, Any], entry: bytes) -> int | None:
    rows = execute("SELECT id, entry FROM audit_event WHERE uid = %s", [envelope["id"]])
    if not rows:
        return None
    if bytes(rows[0][1]) != entry:
        raise CannotRecover(
            f"The event {envelope['id']} in the database is another than the one signed."
        )
    return int(rows[0][0])


def _insert(envelope: dict[str, Any], entry: bytes) -> int:
    body = envelope["body"]
    try:
        with transaction.atomic():
            rows = execute(
                """
                INSERT INTO audit_event (uid, xid, recorded_at, db_user, stream, stream_seq, type, actor,
                    project, facts, entry, leaf_hash)
                VALUES (%s, pg_current_xact_id(), %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s, %s) RETURNING id
                """,
                [
                    envelope["id"], envelope["at"], envelope["db"], envelope["s"], envelope["seq"],
                    body["type"], body["actor"]["id"], body.get("project"), orjson.dumps(body).decode(),
                    entry, leaf_hash(entry),
                ],
            )  # fmt: skip
    except IntegrityError as error:
        raise CannotRecover(
            f"Number {envelope['seq']} of the stream {envelope['s']} was given to another event since the "
            "restore, so the lost one cannot come back. Open a new log:  manage.py recover_log --open-new"
        ) from error
    execute(
        """
        INSERT INTO audit_stream AS s (stream, last_seq) VALUES (%s, %s)
        ON CONFLICT (stream) DO UPDATE SET last_seq = greatest(s.last_seq, excluded.last_seq)
        """,
        [envelope["s"], envelope["seq"]],
    )
    return int(rows[0][0])


def _keep_checkpoint(published: Published) -> None:
    note = published.note()
    if note is not None:
        checkpoint = published.state.checkpoint
        execute(
            """
            INSERT INTO audit_checkpoint (origin, size, root, note) VALUES (%s, %s, %s, %s)
            ON CONFLICT (origin, size) DO NOTHING
            """,
            [checkpoint.origin, checkpoint.size, checkpoint.root, bytes(note).decode()],
        )
