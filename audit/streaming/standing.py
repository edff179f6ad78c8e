"""How a destination is, in a word that people read."""

from datetime import timedelta
from typing import Final, NamedTuple

from django.utils import timezone

from audit.streaming.lag import Lag
from audit.streaming.models import Destination

NOTICED_AFTER: Final = timedelta(seconds=15)
"""A destination that lacks no more than this is up to date."""


class Standing(NamedTuple):
    """A badge, and the sentence beside it."""

    label: str
    tone: str
    icon: str
    sentence: str


def standing_of(destination: Destination, lag: Lag) -> Standing:
    """Return how the destination is now."""
    if destination.is_paused:
        sentence = f"Nothing is sent: {destination.paused_because}"
        return Standing("Paused", "neutral", "player-pause", sentence)
    if destination.trouble:
        when = _next(destination)
        return Standing("In trouble", "bad", "alert-octagon", f"{destination.trouble} {when}")
    if lag.seconds > NOTICED_AFTER.total_seconds():
        return Standing("Behind", "active", "loader-2", f"{_counted(lag.entries)} on the way.")
    if lag.dead_letters:
        refused = _counted(lag.dead_letters)
        sentence = f"It has everything but {refused} that it refused, and that wait for a decision."
        return Standing("Refused some", "warn", "alert-triangle", sentence)
    return Standing("Up to date", "good", "circle-check", "It has every sealed entry.")


def _counted(entries: int) -> str:
    return "1 entry" if entries == 1 else f"{entries} entries"


def _next(destination: Destination) -> str:
    if destination.not_before is None or destination.not_before <= timezone.now():
        return "It is tried again now."
    seconds = round((destination.not_before - timezone.now()).total_seconds())
    return f"It is tried again in {max(seconds, 1)} s."
