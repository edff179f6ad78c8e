"""Go on sending to a destination."""

from typing import Any

from django.db import transaction

from audit.record import record
from audit.streaming.actions.holding import held
from audit.streaming.errors import StreamingWrongMoment
from audit.streaming.events import StreamEvent
from audit.streaming.models import Destination
from audit.streaming.rule import ensure_may_stream


@transaction.atomic(durable=True)
def resume_destination(pk: int, *, by: Any) -> Destination:
    """Go on where it stopped, at once.

    Raises:
        StreamingNotAllowed: the account does not administer the portal.
        StreamingWrongMoment: it is not paused, or gone.
    """
    destination = held(pk)
    ensure_may_stream(by)
    if not destination.is_paused:
        raise StreamingWrongMoment(f"The {destination} is not paused.")
    destination.is_paused, destination.paused_because = False, ""
    destination.failures, destination.refused_in_row, destination.not_before = 0, 0, None
    destination.save(
        update_fields=["is_paused", "paused_because", "failures", "refused_in_row", "not_before"]
    )
    record(StreamEvent.RESUMED, subject=destination, by=by, from_index=destination.next_index)
    return destination
