"""Offer refused entries once more."""

from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.utils import timezone

from audit.record import record
from audit.streaming.actions.holding import held
from audit.streaming.errors import StreamingWrongMoment
from audit.streaming.events import StreamEvent
from audit.streaming.rule import ensure_may_stream

MOST_NAMED = 1000


@transaction.atomic(durable=True)
def send_again(pk: int, *, indexes: Collection[int] | None = None, by: Any) -> int:
    """Let the streamer send dead letters again; what is refused again stays one.

    Args:
        pk: of the destination.
        indexes: of the leaves; None for all.
        by: an account that administers the portal.

    Returns:
        How many are sent.

    Raises:
        StreamingNotAllowed: it does not.
        StreamingWrongMoment: none of them waits for it, or the destination is gone.
    """
    destination = held(pk)
    ensure_may_stream(by)
    letters = destination.dead_letters.open().filter(again_at=None)
    if indexes is not None:
        letters = letters.filter(index__in=indexes)
    chosen = list(letters.order_by("index").values_list("index", flat=True))
    if not chosen:
        raise StreamingWrongMoment(
            "None of these entries is a dead letter that could be sent again."
        )
    letters.update(again_at=timezone.now())
    record(
        StreamEvent.SENT_AGAIN,
        subject=destination,
        by=by,
        count=len(chosen),
        first=chosen[0],
        last=chosen[-1],
        indexes=chosen[:MOST_NAMED],
    )
    return len(chosen)
