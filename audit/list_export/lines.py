"""The lines of an export."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import orjson

from audit.log import next_of
from audit.models import Event
from audit.packs import csv_text
from audit.parts import part_of
from audit.sealing import with_sealing
from audit.search.found import Found
from audit.sentences import with_sentences
from audit.times import in_utc

BATCH: Final = 500
"""Events in memory at a time."""

COLUMNS: Final = (
    "index", "id", "uid", "recorded_at", "type", "outcome", "actor", "actor_name", "project", "stream",
    "stream_seq", "object", "sentence", "seal", "leaf_hash",
)  # fmt: skip


@dataclass(frozen=True)
class Format:
    """A kind of file.

    Attributes:
        name: also the ending of the file's name.
        content_type: of the answer.
        head: what stands before the lines.
        line: makes the line of an event.
    """

    name: str
    content_type: str
    head: bytes
    line: Callable[[Any], bytes]


def lines_of(found: Found, kind: Format, newest: int) -> Iterator[tuple[int, bytes]]:
    """Yield the number of events and their lines, batch after batch, oldest first.

    Args:
        found: what is exported.
        kind: of the file.
        newest: the id of the last event; what is recorded meanwhile is left for the next export.
    """
    parts = [part.defer(None).defer("body").filter(pk__lte=newest) for part in found.parts]
    start: int | None = None
    while batch := next_of(parts, start, rising=True, most=BATCH):
        start = batch[-1].pk
        listed = with_sentences(batch)
        with_sealing(listed)
        yield len(listed), b"".join(map(kind.line, listed))


def values_of(event: Any) -> list[Any]:
    """Return an event's cells, in the order of ``COLUMNS``; it has its sentence and badge."""
    facts = event.facts
    return [
        event.sealing.index, event.pk, event.uid, event.recorded_at, event.type,
        facts.get("outcome", ""), event.actor, event.actor_name, event.project, event.stream,
        event.stream_seq, part_of(facts, "object").get("label", ""), event.sentence,
        str(event.sealing.seal), bytes(event.leaf_hash).hex(),
    ]  # fmt: skip


def _csv_line(event: Event) -> bytes:
    return csv_text.line(values_of(event)).encode()


def _json_line(event: Any) -> bytes:
    """Return the entry byte for byte, and beside it what is not in it."""
    beside = {
        "index": event.sealing.index,
        "leaf_hash": bytes(event.leaf_hash).hex(),
        "seal": str(event.sealing.seal),
        "recorded_at": in_utc(event.recorded_at),
        "actor_name": event.actor_name,
        "sentence": event.sentence,
    }
    return b'{"entry":' + bytes(event.entry) + b"," + orjson.dumps(beside)[1:] + b"\n"


def _formats(formats: Iterable[Format]) -> dict[str, Format]:
    return {each.name: each for each in formats}


FORMATS: Final = _formats(
    [
        Format("csv", "text/csv; charset=utf-8", csv_text.line(COLUMNS).encode(), _csv_line),
        Format("jsonl", "application/jsonl", b"", _json_line),
    ]
)
