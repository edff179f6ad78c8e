"""Send nothing more to a destination for now."""

from typing import Any

from django.db import transaction

from audit.record import record
from audit.streaming.actions.holding import held
from audit.streaming.errors import StreamingRefused, StreamingWrongMoment
from audit.streaming.events import StreamEvent
from audit.streaming.models import Destination
from audit.streaming.rule import ensure_may_stream

LONGEST_REASON = 500


@transaction.atomic(durable=True)
def pause_destination(pk: int, *, why: str, by: Any) -> Destination:
    """Pause it; a batch on its way still arrives. What is recorded meanwhile is sent when it is resumed.

    Raises:
        StreamingNotAllowed: the account does not administer the portal.
        StreamingRefused: there is no reason.
        StreamingWrongMoment: it is paused already, or gone.
    """
    destination = held(pk)
    ensure_may_stream(by)
    reason = why.strip()
    if not 0 < len(reason) <= LONGEST_REASON:
        raise StreamingRefused(f"Say why, in 1 to {LONGEST_REASON} characters.", field="why")
    if destination.is_paused:
        raise StreamingWrongMoment(f"The {destination} is paused already.")
    destination.is_paused, destination.paused_because = True, reason
    destination.save(update_fields=["is_paused", "paused_because"])
    record(
        StreamEvent.PAUSED,
        subject=destination,
        by=by,
        private={"why": reason},
        from_index=destination.next_index,
    )
    return destination
