"""What a destination gets next. Reads leaves, events and checkpoints in short statements; locks nothing.

Whoever writes events meets none of this: a destination that hangs holds no transaction open.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Any, Final

import orjson
from django.db import connection

from audit.completeness.watch import signed_size
from audit.models import Checkpoint, Tree
from audit.packs.entries import Sealed
from audit.sealing import note_of
from audit.streaming.errors import NotDelivered
from audit.streaming.records import (
    Batch,
    Record,
    checkpoint_record,
    log_id,
    missing_record,
    record_of,
)

_END: Final = """
SELECT max(idx) + 1 FROM (
    SELECT l.idx, sum(coalesce(octet_length(e.entry), 0)) OVER (ORDER BY l.idx) AS bytes
    FROM audit_leaf l LEFT JOIN audit_event e ON e.id = l.event_id
    WHERE l.idx >= %(first)s AND l.idx < %(last)s
) AS each WHERE bytes <= %(most)s OR idx = %(first)s
"""
_ENTRIES: Final = """
SELECT l.idx, e.id, e.uid, e.entry, l.leaf_hash
FROM audit_leaf l LEFT JOIN audit_event e ON e.id = l.event_id
WHERE l.idx >= %(first)s AND l.idx < %(end)s ORDER BY l.idx
"""


def present_log() -> tuple[str, int]:
    """Return the log's name and how many of its entries are under a signed checkpoint."""
    origin = Tree.objects.values_list("origin", flat=True).get()
    return origin, signed_size(origin)


def end_of_batch(first: int, signed: int, *, records: int, size: int) -> int | None:
    """Return the index after the last entry of the batch that begins at ``first``; None if none waits.

    Args:
        first: index of its first entry.
        signed: entries that are signed.
        records: the most entries.
        size: the most bytes of entries; one entry may be larger.
    """
    last = min(first + records, signed)
    if first >= last:
        return None
    return int(_rows(_END, first=first, last=last, most=size)[0][0])


def batch_of(origin: str, first: int, end: int, wanted: str) -> Batch:
    """Return the entries from ``first`` up to but not including ``end``.

    Raises:
        NotDelivered: an entry is no longer the one that was put into the log.
    """
    return Batch(
        f"{log_id(origin)}-{first}-{end - 1}",
        origin,
        list(_records(origin, first, end, wanted)),
        enclosed(origin),
    )


def enclosed(origin: str) -> str | None:
    """Return the newest signed checkpoint with its cosignatures."""
    newest = _newest(origin)
    return bytes(note_of(newest)).decode() if newest else None


def enclosed_record(batch: Batch, wanted: str) -> list[Record]:
    """Return the batch's checkpoint as a record, for destinations that know records only."""
    if batch.checkpoint is None:
        return []
    size = int(batch.checkpoint.split("\n", 2)[1])
    return [checkpoint_record(batch.origin, size, batch.checkpoint, wanted)]


def _newest(origin: str) -> Checkpoint | None:
    return Checkpoint.objects.filter(origin=origin, size__gt=0).order_by("-size").first()


def _records(origin: str, first: int, end: int, wanted: str) -> Iterator[Record]:
    sizes = _covering(origin, first, end)
    for index, event_id, uid, raw, leaf in _rows(_ENTRIES, first=first, end=end):
        size, leaf_hash = sizes[bisect_right(sizes, index)], bytes(leaf).hex()
        if raw is None:
            yield missing_record(index, leaf_hash, origin, size, wanted)
            continue
        entry = bytes(raw)
        if hashlib.sha256(b"\x00" + entry).digest() != bytes(leaf):
            raise NotDelivered(
                f"Entry {index} is not the one that was put into the log: its bytes were changed. Nothing "
                "is sent from there on."
            )
        sealed = Sealed(index, event_id, str(uid), entry, leaf_hash, orjson.loads(entry))
        yield record_of(sealed, origin, size, wanted)


def _covering(origin: str, first: int, end: int) -> Sequence[int]:
    """Return the checkpoints' sizes among which is the first one over each entry, rising.

    So many sizes above ``first`` always reach beyond ``end``: each entry has at most one of its own.
    """
    above = Checkpoint.objects.filter(origin=origin, size__gt=first).order_by("size")
    return list(above.values_list("size", flat=True)[: end - first])


def _rows(statement: str, **parameters: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        found: list[Any] = cursor.fetchall()
    return found
