"""Take private values away for good: their rows, and what can be said of them afterwards."""

import gzip
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import orjson
from django.db import connection

_AT_ONCE: Final = 20_000
"""Events whose disclosures are looked through by one statement."""

_TAKE: Final = """
WITH held AS (
    SELECT d.event_id, owner FROM audit_disclosure d, jsonb_object_keys(d.sealed) owner
    WHERE d.event_id > %(after)s AND d.event_id <= %(to)s
        AND %(subject)s = ANY(string_to_array(owner, ' '))
), gone AS (
    DELETE FROM audit_disclosure d WHERE d.event_id IN (SELECT event_id FROM held)
    RETURNING d.event_id, d.sealed
), kept AS (
    INSERT INTO audit_disclosure (event_id, sealed)
    SELECT event_id, sealed - ARRAY(SELECT owner FROM held h WHERE h.event_id = gone.event_id)
    FROM gone RETURNING event_id
)
SELECT g.event_id, e.uid::text, field, e.facts #>> ARRAY['private', field]
FROM gone g JOIN held h USING (event_id) JOIN audit_event e ON e.id = g.event_id,
    jsonb_object_keys(g.sealed -> h.owner) field
ORDER BY 1, 3
"""

_TAKE_FIELD: Final = """
WITH wanted AS (
    SELECT e.id, e.uid, e.facts FROM audit_event e
    WHERE e.stream = %(stream)s AND e.type = %(type)s
), gone AS (
    DELETE FROM audit_disclosure d USING wanted w
    WHERE d.event_id = w.id AND EXISTS (
        SELECT FROM jsonb_each(d.sealed) owner WHERE owner.value ? %(field)s)
    RETURNING d.event_id, d.sealed
), kept AS (
    INSERT INTO audit_disclosure (event_id, sealed)
    SELECT event_id, (SELECT jsonb_object_agg(key, value - %(field)s) FROM jsonb_each(sealed))
    FROM gone RETURNING event_id
)
SELECT w.id, w.uid::text, %(field)s, w.facts #>> ARRAY['private', %(field)s]
FROM gone JOIN wanted w ON w.id = gone.event_id ORDER BY 1
"""


class Taken(NamedTuple):
    """A commitment that nobody can open any more."""

    event_id: int
    event: str
    field: str
    commitment: str


def take_all_of(subject: str) -> list[Taken]:
    """Remove every value that concerns the subject, alone or with others; return what they stood behind."""
    return [taken for to in _ranges() for taken in _rows(_TAKE, subject=subject, **to)]


def take_field(stream: str, event_type: str, field: str) -> list[Taken]:
    """Remove one value of some events of a stream, whosever it is."""
    return list(_rows(_TAKE_FIELD, stream=stream, type=event_type, field=field))


def destroy_key(subject: str) -> None:
    """Destroy the subject's key; if there never was one, there will be none."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_subjectkey (subject, wrapped, destroyed_at) VALUES (%s, NULL, now()) "
            "ON CONFLICT (subject) DO UPDATE SET wrapped = NULL, destroyed_at = now() "
            "WHERE audit_subjectkey.destroyed_at IS NULL",
            [subject],
        )


def listing_of(taken: Iterable[Taken]) -> bytes:
    """Return the lines of a receipt, one JSON document per commitment, in the order of the log."""
    lines = [
        orjson.dumps({"event": each.event, "field": each.field, "commitment": each.commitment})
        for each in sorted(set(taken))
    ]
    return b"".join(line + b"\n" for line in lines)


def packed(listing: bytes) -> bytes:
    """Return the lines as they are kept."""
    return gzip.compress(listing, mtime=0)


def unpacked(kept: bytes) -> bytes:
    """Return the lines of what is kept."""
    return gzip.decompress(kept) if kept else b""


def _ranges() -> Iterator[dict[str, int]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(event_id), 0) FROM audit_disclosure")
        last = cursor.fetchone()[0]
    for after in range(0, last, _AT_ONCE):
        yield {"after": after, "to": after + _AT_ONCE}


def _rows(statement: str, **parameters: str | int) -> Iterator[Taken]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        yield from map(Taken._make, cursor.fetchall())
