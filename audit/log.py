"""Pages of the log: by keyset, with as many queries on the first page as on the thousandth."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from audit.models import Event, EventQuerySet
from audit.reach import Reach
from audit.sentences import with_sentences

PAGE_SIZE: Final = 50
LOOKED_THROUGH: Final = 2000
"""Sentences are made when they are read, so words are looked for in that many events at a time."""


@dataclass(frozen=True)
class LogPage:
    """One page of events, with their sentences.

    Attributes:
        events: what is shown, in the order that was asked for.
        before: the id before which the previous page ends, if there is one.
        after: the id after which the next page begins, if there is one.
        looked_through: how many events were searched for words, 0 when none were.
    """

    events: list[Event]
    before: int | None = None
    after: int | None = None
    looked_through: int = 0


def events_within(reach: Reach, wanted: Mapping[str, Any]) -> EventQuerySet:
    """Return what the filter asks for and the reader may read; ``wanted`` is ``EventFilter``'s."""
    events = Event.objects.defer("entry", "leaf_hash", "body")
    columns = {
        "project": wanted.get("project"),
        "type": wanted.get("type"),
        "actor": wanted.get("person"),
        "stream": wanted.get("stream"),
        "facts__outcome": wanted.get("outcome"),
        "recorded_at__gte": wanted.get("since"),
        "recorded_at__lt": wanted.get("until"),
    }
    events = events.filter(**{column: value for column, value in columns.items() if value})
    if reach.whole or wanted.get("project") in reach.projects:
        return events
    return events.filter(project__in=reach.projects)


def page_of(
    events: EventQuerySet,
    *,
    oldest_first: bool = False,
    after: int | None = None,
    before: int | None = None,
) -> LogPage:
    """Return the events after one of them, or before it, in the order that was asked for."""
    backwards = before is not None and after is None
    start = before if backwards else after
    rising = oldest_first != backwards
    rows = list(_from(events, start, rising=rising)[: PAGE_SIZE + 1])
    more, rows = len(rows) > PAGE_SIZE, rows[:PAGE_SIZE]
    if backwards:
        rows.reverse()
    has_after, has_before = (start is not None, more) if backwards else (more, start is not None)
    return LogPage(
        with_sentences(rows),
        before=rows[0].pk if rows and has_before else None,
        after=rows[-1].pk if rows and has_after else None,
    )


def page_with_words(
    events: EventQuerySet, words: str, *, oldest_first: bool = False, after: int | None = None
) -> LogPage:
    """Return those whose sentence holds every word, among the next events that the filter lets through."""
    rows = list(_from(events, after, rising=oldest_first)[: LOOKED_THROUGH + 1])
    more, rows = len(rows) > LOOKED_THROUGH, rows[:LOOKED_THROUGH]
    parts = words.casefold().split()
    found: list[Event] = []
    for number, event in enumerate(with_sentences(rows), start=1):
        sentence = event.sentence.casefold()  # type: ignore[attr-defined]  # by with_sentences
        if all(part in sentence for part in parts):
            found.append(event)
        if len(found) == PAGE_SIZE and number < len(rows) + more:
            return LogPage(found, after=event.pk, looked_through=number)
    return LogPage(found, after=rows[-1].pk if more else None, looked_through=len(rows))


def _from(events: EventQuerySet, start: int | None, *, rising: bool) -> EventQuerySet:
    if start is not None:
        events = events.filter(pk__gt=start) if rising else events.filter(pk__lt=start)
    return events.order_by("pk" if rising else "-pk")
