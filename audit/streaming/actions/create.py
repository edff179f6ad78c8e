"""Let the log be sent to a further place."""

from typing import Any

from django.db import IntegrityError, transaction

from audit.record import record
from audit.streaming.actions.naming import facts_of, refuse_taken
from audit.streaming.errors import StreamingRefused, StreamingWrongMoment
from audit.streaming.events import StreamEvent
from audit.streaming.models import Destination
from audit.streaming.reading import present_log
from audit.streaming.rule import ensure_may_stream
from audit.streaming.streamer import MOST_DESTINATIONS
from audit.streaming.wanted import Wanted


@transaction.atomic(durable=True)
def create_destination(wanted: Wanted, *, from_now: bool = False, by: Any) -> Destination:
    """Let the log be sent there; the streamer begins within a second.

    Args:
        wanted: how it is set up.
        from_now: begin behind what is signed already; otherwise at the first entry.
        by: an account that administers the portal.

    Raises:
        StreamingNotAllowed: it does not.
        StreamingRefused: the set-up makes no sense, or its name is taken.
        StreamingWrongMoment: there are enough destinations.
    """
    ensure_may_stream(by)
    made = wanted.checked()
    if Destination.objects.count() >= MOST_DESTINATIONS:
        raise StreamingWrongMoment(
            f"There are {MOST_DESTINATIONS} destinations, and no more are kept. Remove one first."
        )
    refuse_taken(made)
    origin, signed = present_log()
    try:
        with transaction.atomic():
            destination = Destination.objects.create(
                **made.values,
                created_by=by,
                origin=origin,
                next_index=signed if from_now else 0,
            )
    except IntegrityError as error:
        raise StreamingRefused("Another destination has this name.", field="name") from error
    record(
        StreamEvent.CREATED,
        subject=destination,
        by=by,
        place=destination.place,
        from_index=destination.next_index,
        set_up=facts_of(destination),
    )
    return destination
