"""Whether every event is either sealed or waits to be, and every stream is dense."""

from typing import Final

from audit.completeness.complaints import Complaints
from audit.doctor.contents import check_streams
from audit.doctor.finding import rows

_STRAY: Final = """
SELECT
    (SELECT count(*) FROM audit_event e
        WHERE NOT EXISTS (SELECT FROM audit_leaf l WHERE l.event_id = e.id)
          AND NOT EXISTS (SELECT FROM audit_pending p WHERE p.event_id = e.id)
          AND NOT EXISTS (SELECT FROM audit_refusedentry r WHERE r.event_id = e.id)),
    (SELECT count(*) FROM audit_pending p
        WHERE EXISTS (SELECT FROM audit_leaf l WHERE l.event_id = p.event_id)
          OR NOT EXISTS (SELECT FROM audit_event e WHERE e.id = p.event_id))
"""

_BACKWARDS: Final = """
SELECT stream, stream_seq FROM (
    SELECT stream, stream_seq, recorded_at,
        lag(recorded_at) OVER (PARTITION BY stream ORDER BY stream_seq) AS before
    FROM audit_event
) AS each WHERE recorded_at < before ORDER BY stream, stream_seq LIMIT 100
"""


def check_times(complaints: Complaints) -> None:
    """No event of a stream is older than the one before it: the database's clock never went back."""
    for stream, number in rows(_BACKWARDS):
        complaints.add(
            "backwards",
            f"{stream} #{number} says an earlier time than the event before it: the database's clock was "
            "set back.",
        )


def check_queue(complaints: Complaints) -> None:
    """No event was kept away from the sequencer, and no number of a stream is missing."""
    ((hidden, strangers),) = rows(_STRAY)
    if hidden:
        complaints.add("hidden", f"{hidden} events are neither sealed nor wait for it.")
    if strangers:
        complaints.add(
            "strangers", f"{strangers} entries of the queue are no events, or are sealed already."
        )
    streams = check_streams()
    if not streams.ok:
        complaints.add("streams", streams.sentence)
