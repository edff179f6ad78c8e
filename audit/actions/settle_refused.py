"""Say what came of entries that the sequencer kept out of the tree."""

from django.db import transaction

from audit.audit_events import AuditEvent
from audit.completeness.refused import refused_entries
from audit.errors import NotRecordable
from audit.itself import TheLog
from audit.record import Actor, Receipt, record


@transaction.atomic(durable=True)
def settle_refused(because: str, *, by: Actor) -> Receipt:
    """Record that somebody looked into what was refused so far; the alarm about it ends.

    The entries stay out of the tree, and their numbers stay gaps in their streams.

    Raises:
        NotRecordable: nothing was refused since the last time, or no reason is given.
    """
    found = list(refused_entries())
    if not found:
        raise NotRecordable("No entry was refused that nobody has looked into.")
    if not because.strip():
        raise NotRecordable("Say what you found: who recorded it, and what was done about that.")
    return record(
        AuditEvent.REFUSALS_SETTLED,
        subject=TheLog(),
        by=by,
        private={"reason": because},
        entries=len(found),
        up_to=found[-1].pk,
    )
