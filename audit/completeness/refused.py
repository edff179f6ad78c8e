"""Entries that the sequencer kept out of the tree: told until somebody says what came of it."""

from typing import Final

from django.db.models import QuerySet

from audit.audit_events import AuditEvent
from audit.completeness.complaints import Complaints
from audit.doctor.finding import value
from audit.models import RefusedEntry
from audit.sequencer.form import flaw_of

# Whoever has the application's sign-in can write such an event too: it settles nothing that came later,
# and one that says no number, or was refused itself, settles nothing at all.
_SETTLED: Final = """
SELECT coalesce(max(greatest(least((facts #>> '{data,up_to}')::numeric, id), 0))::bigint, 0)
FROM audit_event
WHERE type = %s AND jsonb_typeof(facts #> '{data,up_to}') = 'number'
    AND NOT EXISTS (SELECT FROM audit_refusedentry r WHERE r.event_id = audit_event.id)
"""


def refused_entries() -> QuerySet[RefusedEntry]:
    """Return those of which nobody has said yet what came of them, oldest first."""
    settled = value(_SETTLED, str(AuditEvent.REFUSALS_SETTLED))
    return RefusedEntry.objects.filter(pk__gt=settled).select_related("event").order_by("pk")


def in_words(refused: RefusedEntry) -> str:
    """Say which entry was refused, and why."""
    event = refused.event
    return (
        f"Event {event.pk} ({event.stream} #{event.stream_seq}, recorded by {event.db_user} at "
        f"{event.recorded_at:%Y-%m-%d %H:%M:%S} UTC) was kept out of the tree. {refused.reason}"
    )


def refused_trouble() -> str:
    """Return what the alarm says; empty if nothing was refused since somebody looked."""
    found = refused_entries()
    first = found.first()
    if first is None:
        return ""
    more = f" And {count} more." if (count := found.count() - 1) else ""
    return (
        f"Somebody recorded past the portal. {in_words(first)}{more} Find out who holds the application's "
        "sign-in to the database, then:  manage.py refused_entries --settle WHY"
    )


def check_refused(complaints: Complaints) -> None:
    """What was kept out of the tree is what must be kept out, and somebody looked into it."""
    for refused in refused_entries()[:100]:
        complaints.add("refused", in_words(refused))
    kept_out = RefusedEntry.objects.select_related("event").order_by("pk")
    for refused in kept_out.iterator(chunk_size=500):
        if flaw_of(bytes(refused.event.entry)) is None:
            complaints.add(
                "kept out",
                f"Event {refused.pk} was kept out of the tree, and nothing is wrong with its entry.",
            )
