"""Have a part of the log sent once more."""

from typing import Any

from django.db import transaction

from audit.record import record
from audit.streaming.actions.holding import held
from audit.streaming.errors import StreamingRefused, StreamingWrongMoment
from audit.streaming.events import StreamEvent
from audit.streaming.models import Destination
from audit.streaming.reading import present_log
from audit.streaming.rule import ensure_may_stream


@transaction.atomic(durable=True)
def replay_destination(pk: int, *, from_index: int, by: Any) -> Destination:
    """Put the cursor back, and send from there; the records come under the ids that they had.

    A streamer that is sending loses its lease: what it sends just now does not move the cursor.

    Args:
        pk: of the destination.
        from_index: the first entry that is sent again.
        by: an account that administers the portal.

    Raises:
        StreamingNotAllowed: it does not.
        StreamingRefused: the destination has not come beyond that entry; to leave entries out is no replay.
        StreamingWrongMoment: it has not begun the present log, or is gone.
    """
    destination = held(pk)
    ensure_may_stream(by)
    origin, _ = present_log()
    if destination.origin != origin:
        raise StreamingWrongMoment(
            f"The {destination} has not begun the present log, {origin}; it gets it from the first entry."
        )
    reached = destination.next_index
    if not 0 <= from_index < reached:
        raise StreamingRefused(_why_not(reached), field="from_index")
    destination.next_index, destination.sending_until = from_index, None
    destination.tries = destination.refused_in_row = destination.failures = 0
    destination.not_before, destination.trouble = None, ""
    destination.lease_holder, destination.lease_until = "", None
    destination.save(
        update_fields=[
            "next_index", "sending_until", "tries", "refused_in_row", "failures", "not_before",
            "trouble", "lease_holder", "lease_until",
        ]
    )  # fmt: skip
    record(
        StreamEvent.REPLAYED,
        subject=destination,
        by=by,
        from_index=from_index,
        reached=reached,
    )
    return destination


def _why_not(reached: int) -> str:
    if not reached:
        return "Nothing was sent there yet, so there is nothing to send again."
    return f"It has the entries from 0 to {reached - 1}: name one of these. What it lacks comes by itself."
