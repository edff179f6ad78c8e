"""What is in the log: numbers without gaps, a queue that fits, entries that are what was hashed."""

import hashlib
from collections.abc import Iterator
from typing import Any

import orjson

from audit.canonical import canonical
from audit.doctor.finding import Finding, judge, rows, value
from audit.models import Event
from audit.times import in_utc

NEWEST = 1000
"""How many entries are read back; the tree's own verification reads all of them."""

# One statement sees one state, also while others write.
_GAPS = """
SELECT coalesce(e.stream, s.stream), coalesce(e.events, 0), coalesce(e.newest, 0), coalesce(s.last_seq, 0)
FROM (
    SELECT stream, count(*) AS events, max(stream_seq) AS newest, min(stream_seq) AS oldest
    FROM audit_event GROUP BY stream
) e FULL JOIN audit_stream s USING (stream)
WHERE e.events IS DISTINCT FROM s.last_seq OR e.newest IS DISTINCT FROM s.last_seq OR e.oldest <> 1
ORDER BY 1 LIMIT 10
"""
_QUEUE = """
SELECT (SELECT count(*) FROM audit_event), (SELECT count(*) FROM audit_pending),
       (SELECT count(*) FROM audit_leaf),
       (SELECT count(*) FROM audit_refusedentry),
       (SELECT count(*) FROM audit_pending p
        WHERE NOT EXISTS (SELECT FROM audit_event e WHERE e.id = p.event_id)),
       (SELECT count(*) FROM audit_pending p JOIN audit_leaf l USING (event_id))
"""


def check_streams() -> Finding:
    """Every stream's events are numbered 1, 2, 3 … up to its counter."""
    complaints = [
        f"The stream {stream} has {events} events up to number {newest}, and its counter says {counter}."
        for stream, events, newest, counter in rows(_GAPS)
    ]
    streams = value("SELECT count(*) FROM audit_stream")
    return judge(
        "streams", complaints, good=f"The numbers of all {streams} streams are without a gap."
    )


def check_queue() -> Finding:
    """Every event has its place in the tree or waits for it, and nothing else does."""
    ((events, pending, leaves, refused, strangers, twice),) = rows(_QUEUE)
    complaints = []
    if strangers:
        complaints.append(f"{strangers} entries of the queue are no events.")
    if twice:
        complaints.append(f"{twice} events in the queue have a leaf already.")
    waiting = pending - strangers - twice
    kept_out = f", {refused} were kept out of it," if refused else ""
    if waiting + leaves + refused != events:
        complaints.append(
            f"There are {events} events, {leaves} leaves of the tree{kept_out} and {waiting} events in the "
            "queue."
        )
    good = (
        f"Of {events} events {leaves} are in the tree{kept_out} and {pending} wait for their place."
    )
    return judge("queue", complaints, good=good)


def check_entries() -> Finding:
    """The newest entries hash to their leaf hash, and the columns beside them say the same."""
    newest = Event.objects.order_by("-pk")[:NEWEST]
    complaints = [
        f"Event {event.pk} ({event.stream}#{event.stream_seq}): {what}"
        for event in newest
        for what in _wrong_in(event)
    ]
    good = f"The newest {len(newest)} entries are canonical, hash to their leaf hash and match their rows."
    return judge("entries", complaints[:10], good=good)


def _wrong_in(event: Event) -> Iterator[str]:
    entry = bytes(event.entry)
    if hashlib.sha256(b"\x00" + entry).digest() != bytes(event.leaf_hash):
        yield "the entry does not hash to its leaf hash."
    try:
        said = orjson.loads(entry)
        is_canonical = canonical(said) == entry
    except (ValueError, TypeError) as error:
        yield f"the entry is not what is written here: {error}."
        return
    if not is_canonical:
        yield "the entry is not canonical JSON."
    if said != _as_in_the_row(event):
        yield "the columns say something else than the entry."


def _as_in_the_row(event: Event) -> dict[str, Any]:
    return {
        "at": in_utc(event.recorded_at),
        "body": event.facts,
        "db": event.db_user,
        "id": str(event.uid),
        "s": event.stream,
        "seq": event.stream_seq,
        "v": 1,
    }
