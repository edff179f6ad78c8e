"""Whether every event is either sealed or waits to be, every stream is dense, and a search finds them."""

from typing import Final

from django.utils import timezone

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
SELECT stream, before, stream_seq, recorded_at < at_before, idx < idx_before FROM (
    SELECT e.stream, e.stream_seq, e.recorded_at, l.idx, lag(e.stream_seq) OVER of_stream AS before,
        lag(e.recorded_at) OVER of_stream AS at_before, lag(l.idx) OVER of_stream AS idx_before
    FROM audit_event e LEFT JOIN audit_leaf l ON l.event_id = e.id
    WINDOW of_stream AS (PARTITION BY e.stream ORDER BY e.stream_seq)
) AS each WHERE recorded_at < at_before OR idx < idx_before ORDER BY stream, stream_seq LIMIT 100
"""


_NOT_FOUND: Final = """
SELECT count(*) FROM audit_leaf l
WHERE l.idx < (SELECT c.size FROM audit_wordscursor c JOIN audit_tree t USING (origin))
    AND NOT EXISTS (SELECT FROM audit_words w WHERE w.event_id = l.event_id)
"""
_SAYS_OTHERWISE: Final = """
SELECT l.idx FROM audit_leaf l JOIN audit_words w USING (event_id) JOIN audit_event e ON e.id = l.event_id
WHERE l.idx >= %s AND l.idx < %s
    AND w.words <> audit_words_of(e.stream, e.uid, e.leaf_hash, e.facts) ORDER BY l.idx LIMIT 100
"""
WORDS_DRAWN_AGAIN: Final = 5000
"""Entries whose words one verification draws again: to draw them takes longer than all else. All have
their turn, night by night, if the log does not grow by more than half as many in a night."""


def check_search(complaints: Complaints) -> None:
    """The search finds every entry that it says to know, and by its own words."""
    ((missing,),) = rows(_NOT_FOUND)
    if missing:
        complaints.add(
            "search",
            f"{missing} entries are not in the index, although it says to have them: no search finds them.",
        )
    for (index,) in rows(_SAYS_OTHERWISE, *_whose_turn_it_is()):
        complaints.add(
            "words", f"The index has other words for entry {index} than the entry itself."
        )


def _whose_turn_it_is() -> tuple[int, int]:
    ((size,),) = rows("SELECT size FROM audit_tree")
    # A power of two: when the log grows beyond it, the nights of an entry are every other one of those that
    # it had. With any other number a log that grows each night may lead the nights around an entry.
    turns = 1 << max(-(-size // WORDS_DRAWN_AGAIN) - 1, 0).bit_length()
    first = timezone.now().toordinal() % turns * WORDS_DRAWN_AGAIN
    return first, first + WORDS_DRAWN_AGAIN


def check_order(complaints: Complaints) -> None:
    """No event of a stream is older than the one before it, and none has its place before that one."""
    for stream, before, number, is_older, is_placed_before in rows(_BACKWARDS):
        if is_older:
            complaints.add(
                "backwards",
                f"{stream} #{number} says an earlier time than the event before it: the database's clock "
                "was set back.",
            )
        if is_placed_before:
            complaints.add("order", f"{stream} #{before} stands behind #{number} in the tree.")


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
