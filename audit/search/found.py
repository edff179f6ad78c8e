"""The events that a question finds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import BooleanField
from django.db.models.expressions import RawSQL

from audit.doctor.finding import rows
from audit.models import EventQuerySet

MOST_WAITING: Final = 5000
"""So many entries that are not in the index yet are looked at one by one, the newest first."""

_WAITING: Final = """
SELECT event_id FROM (
    SELECT event_id FROM audit_pending
    UNION ALL
    SELECT event_id FROM audit_refusedentry
    UNION ALL
    SELECT event_id FROM audit_leaf WHERE idx >= coalesce(
        (SELECT c.size FROM audit_wordscursor c JOIN audit_tree t USING (origin)), 0)
) AS waiting ORDER BY event_id DESC LIMIT %s
"""
_INDEXED: Final = "SELECT event_id FROM audit_words WHERE words @@ %s::tsquery"
_FITS: Final = """
audit_words_of(audit_event.stream, audit_event.uid, audit_event.leaf_hash, audit_event.facts) @@ %s::tsquery
"""


@dataclass(frozen=True)
class Found:
    """What a search goes through.

    Attributes:
        parts: events; no event is in two of them.
        overlooked: whether more entries than can be looked at are not in the index yet.
    """

    parts: Sequence[EventQuerySet]
    overlooked: bool = False


def found_by(events: EventQuerySet, tsquery: str) -> Found:
    """Return those of the events that answer the question; one query, for what is not indexed yet."""
    waiting = [event_id for (event_id,) in rows(_WAITING, MOST_WAITING + 1)]
    indexed = events.filter(pk__in=RawSQL(_INDEXED, [tsquery]))  # noqa: S611 -- a parameter
    if not waiting:
        return Found([indexed])
    fits = RawSQL(_FITS, [tsquery], output_field=BooleanField())  # noqa: S611 -- a parameter
    looked_at = events.filter(pk__in=waiting[:MOST_WAITING]).alias(fits=fits).filter(fits=True)
    # Whoever indexes may have come by between the two: what was waiting is then found among these.
    return Found(
        [indexed.exclude(pk__in=waiting[:MOST_WAITING]), looked_at], len(waiting) > MOST_WAITING
    )
