"""How far an event has come: recorded, sealed in a signed checkpoint, witnessed by others; and its proof."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db.models.expressions import RawSQL

from audit.doctor.finding import rows
from audit.models import Checkpoint, Event, EventQuerySet, Leaf, RefusedEntry, Tree
from audit.publishing.places import directory_of
from audit.publishing.reader import LogFiles
from audit.tlog.notes import Note, Signature
from audit.tlog.proofs import InclusionProof


class Seal(StrEnum):
    """The badge of an event; each includes the one before."""

    RECORDED = "recorded"
    SEALED = "sealed"
    WITNESSED = "witnessed"


@dataclass(frozen=True)
class Sealing:
    """Where an event stands.

    Attributes:
        seal: its badge.
        index: its leaf index; None while no sequencer has given it one.
        size: of the first signed checkpoint that covers it; None while there is none.
    """

    seal: Seal
    index: int | None = None
    size: int | None = None


class NotSealed(Exception):
    """No signed checkpoint covers the event yet; the message is a sentence."""


_STANDING: Final = """
SELECT l.event_id, l.idx,
    (SELECT min(c.size) FROM audit_checkpoint c WHERE c.origin = t.origin AND c.size > l.idx),
    l.idx < (SELECT max(c.size) FROM audit_quorum q JOIN audit_checkpoint c ON c.id = q.checkpoint_id
             WHERE c.origin = t.origin)
FROM audit_leaf l CROSS JOIN audit_tree t
WHERE l.event_id = ANY(%s)
"""


def sealing_of(event_ids: Collection[int]) -> dict[int, Sealing]:
    """Return where each event stands, for a page of events; one query."""
    found = dict.fromkeys(event_ids, Sealing(Seal.RECORDED))
    for event_id, index, size, is_witnessed in rows(_STANDING, list(event_ids)):
        seal = Seal.RECORDED if size is None else Seal.SEALED
        found[event_id] = Sealing(Seal.WITNESSED if is_witnessed else seal, index, size)
    return found


_SIZES: Final = """
SELECT coalesce((SELECT max(c.size) FROM audit_checkpoint c WHERE c.origin = t.origin), 0),
    coalesce((SELECT max(c.size) FROM audit_quorum q JOIN audit_checkpoint c ON c.id = q.checkpoint_id
              WHERE c.origin = t.origin), 0)
FROM audit_tree t
"""
_OF_SEAL: Final = {
    Seal.RECORDED: (
        "SELECT event_id FROM audit_pending UNION ALL SELECT event_id FROM audit_refusedentry"
        " UNION ALL SELECT event_id FROM audit_leaf WHERE idx >= %s"
    ),
    Seal.SEALED: "SELECT event_id FROM audit_leaf WHERE idx < %s AND idx >= %s",
    Seal.WITNESSED: "SELECT event_id FROM audit_leaf WHERE idx < %s",
}


def with_seal(events: EventQuerySet, seal: Seal) -> EventQuerySet:
    """Return the events whose badge is this one now; one query, for how far the log is signed."""
    ((signed, witnessed),) = rows(_SIZES)
    reaches = {
        Seal.RECORDED: [signed],
        Seal.SEALED: [signed, witnessed],
        Seal.WITNESSED: [witnessed],
    }
    return events.filter(pk__in=RawSQL(_OF_SEAL[seal], reaches[seal]))  # noqa: S611 -- constants


def with_sealing(events: Sequence[Event]) -> None:
    """Set ``sealing`` on each of a page's events; one query for all of them."""
    standing = sealing_of([event.pk for event in events]) if events else {}
    for event in events:
        event.sealing = standing[event.pk]  # type: ignore[attr-defined]  # set beside the columns


def log_files() -> LogFiles:
    """Return the published files of the present log."""
    incarnation = Tree.objects.values_list("incarnation", flat=True).get()
    return LogFiles(directory_of(Path(settings.LOG_ROOT), incarnation))


def note_of(checkpoint: Checkpoint) -> Note:
    """Return a signed checkpoint with the cosignatures that came since."""
    lines = checkpoint.cosignatures.order_by("pk").values_list("line", flat=True)
    signatures = [Signature.of_line(line.rstrip("\n")) for line in lines]
    return Note.of(checkpoint.note.encode()).and_signatures(signatures)


def newest_checkpoint(*, above: int = -1) -> Checkpoint | None:
    """Return the newest checkpoint that is witnessed and covers a leaf, else the newest that covers it."""
    covering = Checkpoint.objects.filter(
        origin__in=Tree.objects.values("origin"), size__gt=above
    ).order_by("-size")
    return covering.filter(quorum__isnull=False).first() or covering.first()


def proof_of(event: Event) -> bytes:
    """Return the ``.tlog-proof`` that an event is in the log.

    Raises:
        NotSealed: no signed checkpoint covers it yet, or it was kept out of the log.
        OSError: the published tiles cannot be read here.
    """
    refused = RefusedEntry.objects.filter(event=event).first()
    if refused:
        raise NotSealed(f"The event was kept out of the log, and has no proof. {refused.reason}")
    index = Leaf.objects.filter(event=event).values_list("idx", flat=True).first()
    checkpoint = newest_checkpoint(above=index) if index is not None else None
    if index is None or checkpoint is None:
        raise NotSealed(
            "The event is recorded, and no signed checkpoint covers it yet. That takes about a second."
        )
    path = log_files().inclusion_path(index, checkpoint.size)
    return bytes(InclusionProof(index, tuple(path), bytes(note_of(checkpoint))))
