"""Pages of the log: by keyset, with as many queries on the first page as on the thousandth."""

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

from audit.models import Event, EventQuerySet
from audit.reach import Reach
from audit.sealing import Seal, with_seal, with_sealing
from audit.search.found import Found, found_by
from audit.search.words import terms_of, tsquery_of
from audit.sentences import with_sentences
from audit.streams import streams_of_environment

PAGE_SIZE: Final = 50


@dataclass(frozen=True)
class LogPage:
    """One page of events, with their sentences and badges.

    Attributes:
        events: what is shown, in the order that was asked for.
        before: the id before which the previous page ends, if there is one.
        after: the id after which the next page begins, if there is one.
    """

    events: list[Event]
    before: int | None = None
    after: int | None = None


def events_within(reach: Reach, wanted: Mapping[str, Any]) -> EventQuerySet:
    """Return what the filter asks for, but for its words, and the reader may read.

    Args:
        reach: the reader's.
        wanted: ``EventFilter``'s.
    """
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
    if wanted.get("environment"):
        of_it = streams_of_environment(wanted["environment"], wanted.get("project") or None)
        columns["stream__in"] = of_it
    events = events.filter(**{column: value for column, value in columns.items() if value})
    if wanted.get("seal"):
        events = with_seal(events, Seal(wanted["seal"]))
    if reach.whole or wanted.get("project") in reach.projects:
        return events
    return events.filter(project__in=reach.projects)


def found_within(reach: Reach, wanted: Mapping[str, Any]) -> Found:
    """Return what the whole filter asks for, its words included."""
    events = events_within(reach, wanted)
    if not wanted.get("text"):
        return Found([events])
    return found_by(events, tsquery_of(terms_of(wanted["text"])))


def page_of(
    parts: Sequence[EventQuerySet],
    *,
    oldest_first: bool = False,
    after: int | None = None,
    before: int | None = None,
) -> LogPage:
    """Return the events after one of them, or before it, in the order that was asked for.

    Args:
        parts: of what is shown; no event is in two of them.
        oldest_first: the order of the log, else the newest first.
        after: the id after which the page begins.
        before: the id before which it ends; counts only without ``after``.
    """
    backwards = before is not None and after is None
    start = before if backwards else after
    rising = oldest_first != backwards
    rows = next_of(parts, start, rising=rising, most=PAGE_SIZE + 1)
    more, rows = len(rows) > PAGE_SIZE, rows[:PAGE_SIZE]
    if backwards:
        rows.reverse()
    has_after, has_before = (start is not None, more) if backwards else (more, start is not None)
    listed = with_sentences(rows)
    with_sealing(listed)
    return LogPage(
        listed,
        before=rows[0].pk if rows and has_before else None,
        after=rows[-1].pk if rows and has_after else None,
    )


def next_of(
    parts: Sequence[EventQuerySet], start: int | None, *, rising: bool, most: int
) -> list[Event]:
    """Return the next events over all parts, in the order of their ids.

    Args:
        parts: no event is in two of them.
        start: the id after which they begin; None for the first ones.
        rising: the order, else falling.
        most: how many at most.
    """
    next_of_each = [_from(part, start, rising=rising)[:most] for part in parts]
    merged = heapq.merge(*next_of_each, key=attrgetter("pk"), reverse=not rising)
    return list(merged)[:most]


def _from(events: EventQuerySet, start: int | None, *, rising: bool) -> EventQuerySet:
    if start is not None:
        events = events.filter(pk__gt=start) if rising else events.filter(pk__lt=start)
    return events.order_by("pk" if rising else "-pk")
