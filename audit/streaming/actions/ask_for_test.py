"""Have a record sent that is no entry of the log."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from audit.record import record
from audit.streaming.actions.holding import held
from audit.streaming.errors import StreamingWrongMoment
from audit.streaming.events import StreamEvent
from audit.streaming.models import Destination
from audit.streaming.rule import ensure_may_stream


@transaction.atomic(durable=True)
def ask_for_test(pk: int, *, by: Any) -> Destination:
    """Let the streamer send a test record, also to what is paused; ``test_result`` says what came of it.

    Raises:
        StreamingNotAllowed: the account does not administer the portal.
        StreamingWrongMoment: a test record waits already, or the destination is gone.
    """
    destination = held(pk)
    ensure_may_stream(by)
    if destination.test_asked_at is not None:
        raise StreamingWrongMoment(
            "A test record waits to be sent already. If it waits for long: does the streamer run?"
        )
    destination.test_asked_at = timezone.now()
    destination.test_done_at = destination.test_succeeded = None
    destination.test_result = ""
    destination.save(
        update_fields=["test_asked_at", "test_done_at", "test_succeeded", "test_result"]
    )
    record(StreamEvent.TESTED, subject=destination, by=by)
    return destination
