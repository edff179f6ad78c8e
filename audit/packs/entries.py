"""The entries that go into a pack: which they are, and their lines."""

import hashlib
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from audit.packs.errors import CannotBuild
from audit.packs.own_lists import PERIOD
from audit.packs.population import PopulationSource
from audit.packs.scope import Scope
from audit.packs.snapshot import Snapshot

_BATCH: Final = 2000

_BY_INDEX: Final = """
SELECT l.idx, e.id, e.uid, e.entry, l.leaf_hash FROM audit_leaf l JOIN audit_event e ON e.id = l.event_id
WHERE l.idx = ANY(%(indexes)s) ORDER BY l.idx
"""


@dataclass(frozen=True, slots=True)
class Sealed:
    """An entry in the log.

    Attributes:
        index: its leaf's.
        event_id: the row's, under which its disclosures are.
        uid: the event's.
        raw: the bytes that were hashed.
        leaf_hash: ``SHA-256(0x00 || raw)``, hexadecimal.
        entry: what the bytes say.
    """

    index: int
    event_id: int
    uid: str
    raw: bytes
    leaf_hash: str
    entry: Mapping[str, Any]

    @property
    def body(self) -> Mapping[str, Any]:
        """What the application said; the rest is the database's word."""
        body: Mapping[str, Any] = self.entry["body"]
        return body

    @property
    def line(self) -> bytes:
        """Its line in an ``events.jsonl``: the entry byte for byte, then where it is."""
        tail = f',"index":{self.index},"leaf_hash":"{self.leaf_hash}"}}\n'
        return b'{"entry":' + self.raw + tail.encode()


def indexes_in_scope(
    snapshot: Snapshot, scope: Scope, sources: Sequence[PopulationSource], size: int
) -> "array[int]":
    """Return the leaf indexes of the entries in scope, rising: eight bytes for each.

    They are every entry of the streams that belong to the changes in scope; and when the scope is a whole
    project (or the whole portal), whatever else happened there in the period.
    """
    streams = " UNION ALL ".join(
        f"SELECT stream FROM ({source.streams}) AS s (number, stream, in_sample)"  # noqa: S608 -- constants
        for source in sources
        if source.streams
    )
    also = (
        f"(%(project)s::text IS NULL OR e.project = %(project)s) AND {PERIOD}"
        if scope.is_everything
        else "false"
    )
    sql = f"""
        WITH streams AS MATERIALIZED (SELECT DISTINCT stream FROM ({streams or "SELECT ''"}) s (stream))
        SELECT l.idx FROM audit_event e JOIN audit_leaf l ON l.event_id = e.id
        WHERE l.idx < %(size)s AND (e.stream IN (SELECT stream FROM streams) OR {also})
        ORDER BY l.idx
    """  # noqa: S608 -- constants
    parameters = {**scope.parameters, "size": size}
    return array("q", (row[0] for row in snapshot.rows(sql, parameters)))


def sealed_entries(snapshot: Snapshot, indexes: Sequence[int]) -> Iterator[Sealed]:
    """Yield the entries with these indexes.

    Raises:
        CannotBuild: an entry's bytes no longer hash to its leaf.
    """
    for start in range(0, len(indexes), _BATCH):
        some = list(indexes[start : start + _BATCH])
        for index, event_id, uid, raw, leaf in snapshot.all(
            _BY_INDEX, {"indexes": some}, binary=True
        ):
            if hashlib.sha256(b"\x00" + raw).digest() != leaf:
                raise CannotBuild(
                    f"Entry {index} ({uid}) is not the one that was put into the log: its bytes were "
                    "changed. No pack is built from it."
                )
            yield Sealed(index, event_id, str(uid), raw, leaf.hex(), orjson.loads(raw))
