"""The entries up to a moment."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from audit.models import Event, EventQuerySet
from audit.names import EventName
from audit.parts import part_of
from audit.reach import Reach
from audit.sealing import with_sealing
from audit.sentences import with_sentences
from portal.moment.shapes import has_its_shape, sentence_about


@dataclass
class History:
    """Reads what had happened in a project, and keeps what it proves something by.

    Attributes:
        project: the project's slug.
        at: the moment; what was recorded then is included.
        odd: sentences about entries of which nothing can be computed.
    """

    project: str
    at: datetime
    odd: list[str] = field(default_factory=list)
    _kept: dict[int, Event] = field(default_factory=dict)

    def events(self, *types: EventName) -> EventQuerySet:
        """Return the entries of these kinds up to the moment, of all projects."""
        return _readable(types).filter(recorded_at__lte=self.at)

    def later(self, *types: EventName) -> EventQuerySet:
        """Return those after the moment."""
        return _readable(types).filter(recorded_at__gt=self.at)

    def sound(self, events: Iterable[Event]) -> Iterator[Event]:
        """Yield the entries that say what the portal writes of their kind; of the others it is told."""
        for event in events:
            if has_its_shape(event):
                yield event
            elif (sentence := sentence_about(event)) not in self.odd:
                self.odd.append(sentence)

    def keep(self, event: Event | None) -> Event | None:
        """Return the one object for this entry; its sentence and badge are added at the end."""
        return None if event is None else self._kept.setdefault(event.pk, event)

    def kept(self, event: Event) -> Event:
        """Do the same for an entry that is there."""
        return self._kept.setdefault(event.pk, event)

    def finish(self, reach: Reach) -> None:
        """Give what was kept its sentence and badge, and say whether the reader may read it; two queries."""
        kept = with_sentences(self._kept.values())
        with_sealing(kept)
        for event in kept:
            event.is_readable = reach.includes(event.project)  # type: ignore[attr-defined]  # set beside the columns


def _readable(types: Collection[EventName]) -> EventQuerySet:
    return Event.objects.defer("entry", "leaf_hash", "body").filter(type__in=list(map(str, types)))


def data_of(event: Event) -> dict[str, Any]:
    """Return the facts that the entry's kind is about."""
    return part_of(event.facts, "data")


def object_id(event: Event) -> Any:
    """Return the key of what the entry is about."""
    return part_of(event.facts, "object").get("id")


def by_stream(events: Iterable[Event]) -> dict[str, list[Event]]:
    """Return the entries by their stream, in the order in which they come."""
    found: dict[str, list[Event]] = {}
    for event in events:
        found.setdefault(event.stream, []).append(event)
    return found
