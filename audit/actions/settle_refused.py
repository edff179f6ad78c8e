"""Say what came of entries that the sequencer kept out of the tree."""

from typing import Final

from django.db import transaction

from audit.audit_events import AuditEvent
from audit.completeness.refused import refused_entries
from audit.errors import NotRecordable
from audit.itself import TheLog
from audit.record import Actor, Receipt, record
from audit.sequencer.form import is_a_stream

AT_ONCE: Final = 200
"""Refused entries in one event: the names of their streams must fit into it."""


@transaction.atomic(durable=True)
def settle_refused(because: str, *, by: Actor) -> list[Receipt]:
    """Record that somebody looked into what was refused so far; the alarm about it ends.

    The entries stay out of the tree, and their numbers stay gaps in their streams. The events say which
    numbers these are, so that whoever verifies the log finds each gap explained in it.

    Raises:
        NotRecordable: nothing was refused since the last time, or no reason is given.
    """
    found = list(refused_entries().values_list("pk", "event__stream", "event__stream_seq"))
    if not found:
        raise NotRecordable("No entry was refused that nobody has looked into.")
    if not because.strip():
        raise NotRecordable("Say what you found: who recorded it, and what was done about that.")
    return [
        record(
            AuditEvent.REFUSALS_SETTLED,
            subject=TheLog(),
            by=by,
            private={"reason": because},
            entries=len(some),
            up_to=some[-1][0],
            # Of a stream that was refused for its name nothing is in the log.
            refused=[[stream, seq] for _, stream, seq in some if is_a_stream(stream)],
        )
        for some in (found[at : at + AT_ONCE] for at in range(0, len(found), AT_ONCE))
    ]
