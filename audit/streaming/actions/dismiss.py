"""Decide that a place shall do without entries that it refused."""

from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.utils import timezone

from audit.record import record
from audit.streaming.actions.holding import held
from audit.streaming.actions.pause import LONGEST_REASON
from audit.streaming.actions.send_again import MOST_NAMED
from audit.streaming.errors import StreamingRefused, StreamingWrongMoment
from audit.streaming.events import StreamEvent
from audit.streaming.rule import ensure_may_stream


@transaction.atomic(durable=True)
def dismiss_letters(pk: int, *, indexes: Collection[int] | None = None, why: str, by: Any) -> int:
    """Take dead letters off the list, and out of the alarm; the entries stay in the log.

    Args:
        pk: of the destination.
        indexes: of the leaves; None for all.
        why: for whoever asks later; beside the event, not in it.
        by: an account that administers the portal.

    Returns:
        How many they were.

    Raises:
        StreamingNotAllowed: it does not.
        StreamingRefused: there is no reason.
        StreamingWrongMoment: one of them is no dead letter or waits to be sent again, or the destination
            is gone.
    """
    destination = held(pk)
    ensure_may_stream(by)
    reason = why.strip()
    if not 0 < len(reason) <= LONGEST_REASON:
        raise StreamingRefused(f"Say why, in 1 to {LONGEST_REASON} characters.", field="why")
    letters = destination.dead_letters.open().filter(again_at=None)
    if indexes is not None:
        letters = letters.filter(index__in=indexes)
    chosen = list(letters.order_by("index").values_list("index", flat=True))
    if not chosen or (indexes is not None and set(chosen) != set(indexes)):
        raise StreamingWrongMoment(
            "Not all of these entries are dead letters that wait for a decision: look at the list again."
        )
    letters.update(dismissed_at=timezone.now())
    record(
        StreamEvent.DISMISSED,
        subject=destination,
        by=by,
        private={"why": reason},
        what=f"entry {chosen[0]}" if len(chosen) == 1 else f"{len(chosen)} entries",
        count=len(chosen),
        first=chosen[0],
        last=chosen[-1],
        indexes=chosen[:MOST_NAMED],
    )
    return len(chosen)
