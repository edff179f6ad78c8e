"""When the log was in which state: stamped checkpoints, and the proof that the pack's one continues them.

A time-stamp authority (RFC 3161) signed that a checkpoint existed at a time; a consistency proof (RFC 6962,
section 2.1.2) leads from it to the pack's own. At most two go into a pack, whatever the log's age.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Self

from django.conf import settings

from audit.anchors.tokens import RFC_3161, AnchorInvalid, Stamp, told_in
from audit.packs.errors import CannotBuild
from audit.packs.scope import Scope
from audit.packs.sealed import SealedLog
from audit.packs.snapshot import Snapshot
from audit.packs.zip_file import Archive
from audit.times import in_utc
from audit.tlog.checkpoints import Checkpoint, to_base64
from audit.tlog.errors import TlogError
from audit.tlog.merkle import check_consistency
from audit.tlog.notes import Note

ROOTS: Final = "log/timestamp-roots.pem"
PLACE: Final = "log/previous-checkpoints"

_STAMPED: Final = """
SELECT c.note, a.token FROM audit_anchor a JOIN audit_checkpoint c ON c.id = a.checkpoint_id
    JOIN audit_tree t ON t.origin = c.origin
WHERE a.kind = %(kind)s AND c.size > %(above)s AND c.size <= %(size)s
    AND a.made_at <= (SELECT recorded_at FROM audit_event WHERE id = %(event)s)
"""
"""Stamps from before the request: a pack that is built again, after a crash, has the same."""
_NEWEST: Final = f"{_STAMPED} ORDER BY c.size DESC, a.id LIMIT 1"
_FIRST: Final = f"{_STAMPED} ORDER BY c.size, a.id LIMIT 1"
_LAST_BEFORE: Final = """
SELECT l.idx FROM audit_leaf l JOIN audit_event e ON e.id = l.event_id
WHERE l.idx < %(size)s AND e.recorded_at < %(until)s ORDER BY l.idx DESC LIMIT 1
"""


@dataclass(frozen=True)
class StampedCheckpoint:
    """A checkpoint as it was signed, and the stamp over its text."""

    note: Note
    checkpoint: Checkpoint
    token: bytes
    stamp: Stamp

    @classmethod
    def of(cls, note: str, token: bytes) -> Self:
        """Read what is kept.

        Raises:
            CannotBuild: it is no checkpoint with a stamp over it.
        """
        try:
            signed = Note.of(note.encode())
            checkpoint = Checkpoint.of_text(signed.text)
            stamp = told_in(token, signed.text.encode())
        except (TlogError, AnchorInvalid) as error:
            raise CannotBuild(
                f"A time stamp that is kept beside the log was changed: {error} No pack is built with it."
            ) from error
        return cls(signed, checkpoint, token, stamp)

    @property
    def at(self) -> datetime:
        """The time that the stamp says: the checkpoint existed then at the latest."""
        return self.stamp.time

    @property
    def document(self) -> Mapping[str, Any]:
        """As the statement says it."""
        return {
            "size": self.checkpoint.size,
            "at": in_utc(self.at),
            "authority": self.stamp.authority,
            "sha256": hashlib.sha256(self.token).hexdigest(),
        }


def sentence_of(told: Mapping[str, Any]) -> str:
    """Return what a stamp says, of its ``document``."""
    at, by = told["at"][:19].replace("T", " "), told["authority"] or "the authority"
    return (
        f"The log's first {told['size']} entries were there on {at} UTC at the latest, says {by}."
    )


def stamped_checkpoints(
    snapshot: Snapshot, log: SealedLog, scope: Scope, event_id: int
) -> list[StampedCheckpoint]:
    """Return the stamped checkpoints that matter, the smallest first.

    They are the newest one that the pack's checkpoint covers; and, if the scope has an end, the first one
    that covers everything recorded before it.

    Args:
        event_id: the request for the pack.

    Raises:
        CannotBuild: what is kept was changed.
    """
    wanted = {"kind": RFC_3161, "above": 0, "size": log.size, "event": event_id}
    rows = snapshot.all(_NEWEST, wanted)
    if scope.until:
        last = snapshot.one(_LAST_BEFORE, {"size": log.size, "until": scope.until})
        if last is not None:
            rows += snapshot.all(_FIRST, {**wanted, "above": last})
    found = [StampedCheckpoint.of(note, bytes(token)) for note, token in rows]
    by_size = {each.checkpoint.size: each for each in found}
    return [by_size[size] for size in sorted(by_size)]


def add_stamps(archive: Archive, log: SealedLog, stamped: list[StampedCheckpoint]) -> None:
    """Add each stamped checkpoint, its stamp and its consistency proof; ``add_tiles`` comes first.

    Raises:
        CannotBuild: the log does not continue a stamped checkpoint.
    """
    for each in stamped:
        size = each.checkpoint.size
        archive.add(f"{PLACE}/{size}/checkpoint", bytes(each.note))
        archive.add(f"{PLACE}/{size}/checkpoint.body", each.note.text.encode())
        archive.add(f"{PLACE}/{size}/checkpoint.tsr", each.token)
        archive.add(f"log/consistency/{size}-{log.size}.txt", _proof(log, each.checkpoint))
    if stamped and (roots := _roots()):
        archive.add(ROOTS, roots)


def _proof(log: SealedLog, earlier: Checkpoint) -> bytes:
    """Return the proof as lines of base64, the hashes that the log serves under ``audit/log/consistency``."""
    path = log.consistency_path(earlier.size)
    try:
        check_consistency(earlier.size, log.size, path, earlier.root, log.checkpoint.root)
    except TlogError as error:
        raise CannotBuild(
            f"The log does not continue the checkpoint over {earlier.size} entries, which was stamped: "
            f"{error} No pack is built from it."
        ) from error
    return "".join(f"{to_base64(each)}\n" for each in path).encode()


def _roots() -> bytes:
    """Return the certificates under which this portal believes stamps; empty if it has none at hand."""
    try:
        return Path(settings.TIMESTAMP_ROOTS_FILE).read_bytes()
    except OSError:
        return b""
