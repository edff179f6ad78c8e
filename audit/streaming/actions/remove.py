"""Send the log to a place no more."""

from typing import Any

from django.db import transaction

from audit.record import record
from audit.streaming.actions.holding import held
from audit.streaming.actions.naming import facts_of
from audit.streaming.events import StreamEvent
from audit.streaming.rule import ensure_may_stream


@transaction.atomic(durable=True)
def remove_destination(pk: int, *, by: Any) -> None:
    """Remove a destination and its dead letters; what it has, it keeps.

    Raises:
        StreamingNotAllowed: the account does not administer the portal.
        StreamingWrongMoment: it is gone already.
    """
    destination = held(pk)
    ensure_may_stream(by)
    record(
        StreamEvent.REMOVED,
        subject=destination,
        by=by,
        sent=destination.delivered,
        next_index=destination.next_index,
        dead_letters=destination.dead_letters.open().count(),
        set_up=facts_of(destination),
    )
    destination.delete()
