"""What an erasure means for destinations: the words with which somebody paused one."""

from typing import Any

from audit.models import Event
from audit.privacy.erasers import Erased
from audit.sentences import ERASED
from audit.streaming.events import StreamEvent
from audit.streaming.models import Destination


def erase(person: Any) -> Erased:
    """A destination that the person paused stays paused, without the words."""
    paused = Destination.objects.filter(is_paused=True).exclude(paused_because=ERASED)
    mine = [each.pk for each in paused if _who_paused(each) == person.pseudonym]
    return Erased(
        {"reasons": Destination.objects.filter(pk__in=mine).update(paused_because=ERASED)}
    )


def _who_paused(destination: Destination) -> str | None:
    pauses = Event.objects.filter(stream=destination.audit_stream, type=str(StreamEvent.PAUSED))
    return pauses.order_by("-stream_seq").values_list("actor", flat=True).first()
