"""How far each destination is behind the signed log."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count
from django.utils import timezone

from audit.models import Leaf
from audit.streaming.models import DeadLetter, Destination
from audit.streaming.reading import present_log


@dataclass(frozen=True)
class Lag:
    """How far behind a destination is.

    Attributes:
        entries: signed entries that were not acknowledged yet.
        seconds: age of the oldest of them; 0 when there is none.
        dead_letters: entries that it refused for good and that did not arrive since.
    """

    entries: int = 0
    seconds: float = 0.0
    dead_letters: int = 0


def lags(destinations: Collection[Destination]) -> dict[int, Lag]:
    """Return each destination's lag by its primary key; the same few queries for any number."""
    if not destinations:
        return {}
    origin, signed = present_log()
    cursors = {each.pk: _cursor(each, origin) for each in destinations}
    waiting = {index for index in cursors.values() if index < signed}
    since = dict(Leaf.objects.filter(idx__in=waiting).values_list("idx", "event__recorded_at"))
    dead = dict(
        DeadLetter.objects.open()
        .filter(destination__in=cursors)
        .order_by()
        .values_list("destination")
        .annotate(Count("pk"))
    )
    now = timezone.now()
    found = {}
    for pk, index in cursors.items():
        at = since.get(index)
        seconds = max((now - at).total_seconds(), 0.0) if at else 0.0
        found[pk] = Lag(max(signed - index, 0), seconds, dead.get(pk, 0))
    return found


def _cursor(destination: Destination, origin: str) -> int:
    is_other = destination.origin not in {"", origin}
    return 0 if is_other else destination.next_index
