"""Alarms about destinations: what lacks entries for long, and what refuses too many."""

from collections.abc import Iterator
from typing import Final

from django.conf import settings

from audit.completeness.alarms import lift_alarm, open_alarms, raise_alarm
from audit.completeness.models import AlarmKind
from audit.streaming.lag import Lag, lags
from audit.streaming.models import Destination

_FINE: Final = "It has what it should have again."
_GONE: Final = "The log is not sent there any more."


def watch_destinations() -> None:
    """Raise an alarm about each destination that is behind or refuses too much; lift it when it is well.

    Raises:
        DatabaseError: the database does not answer.
    """
    found = list(Destination.objects.all())
    behind = lags(found)
    for destination in found:
        trouble = " ".join(_troubles(destination, behind[destination.pk]))
        if trouble:
            raise_alarm(AlarmKind.STREAM, trouble, about=destination.name)
        else:
            lift_alarm(AlarmKind.STREAM, _FINE, about=destination.name)
    _lift_about_others({each.name for each in found})


def _troubles(destination: Destination, lag: Lag) -> Iterator[str]:
    # No numbers that change by the second: the sentence of an open alarm is written when it changes.
    if lag.seconds > settings.STREAMING_ALARM_SECONDS:
        minutes = settings.STREAMING_ALARM_SECONDS / 60
        yield f"The {destination} lacks entries of the log that are older than {minutes:g} minutes."
        yield _why_behind(destination)
    if lag.dead_letters > settings.STREAMING_ALARM_DEAD_LETTERS:
        yield f"The {destination} refused {lag.dead_letters} entries for good, and does not have them."


def _why_behind(destination: Destination) -> str:
    if destination.is_paused:
        return "It is paused."
    if destination.failures:
        return "It does not take what is sent; its page says why."
    return "Does the streamer run?"


def _lift_about_others(names: set[str]) -> None:
    """Nobody waits for a destination that was removed or is called otherwise now."""
    for alarm in open_alarms():
        if alarm.kind == AlarmKind.STREAM and alarm.about not in names:
            lift_alarm(AlarmKind.STREAM, _GONE, about=alarm.about)
