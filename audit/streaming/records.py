"""What is sent: one JSON object for each entry, with its place in the log.

The bytes of a record depend on the log alone: sent again, it is the same record under the same id.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from audit.packs.entries import Sealed
from audit.packs.formats.ocsf import VERSION as OCSF_VERSION
from audit.packs.formats.ocsf import ocsf
from audit.streaming.models import RecordFormat

_MISSING: Final = "audit.missing_entry"
_CHECKPOINT: Final = "audit.checkpoint"
_TEST: Final = "audit.test_record"


@dataclass(frozen=True, slots=True)
class Record:
    """One JSON object on its way.

    Attributes:
        id: stays the same however often it is sent; receivers drop what they have.
        index: of the leaf; None for what is no entry.
        kind: the event's type.
        at: when it happened, as in the entry: RFC 3339 in UTC with microseconds.
        outcome: ``success``, ``failure``, ``denied`` or ``error``.
        line: the object, without a line's end.
    """

    id: str
    index: int | None
    kind: str
    at: str
    outcome: str
    line: bytes


@dataclass(frozen=True)
class Batch:
    """Records that are sent in one go.

    Attributes:
        id: the same for the same entries.
        origin: the log's name.
        records: in the order of the log.
        checkpoint: the newest signed one with its cosignatures; whoever keeps it is an informal witness.
    """

    id: str
    origin: str
    records: Sequence[Record]
    checkpoint: str | None = None


def log_id(origin: str) -> str:
    """Return what stands for the log in ids: 16 hexadecimal digits of the SHA-256 of its name."""
    return hashlib.sha256(origin.encode()).hexdigest()[:16]


def record_of(sealed: Sealed, origin: str, checkpoint_size: int, wanted: str) -> Record:
    """Return an entry's record.

    Args:
        sealed: the entry.
        origin: the log's name.
        checkpoint_size: of the first signed checkpoint that covers the entry.
        wanted: a ``RecordFormat``.
    """
    identity = f"{log_id(origin)}-{sealed.index}"
    place = {
        "id": identity,
        "origin": origin,
        "leaf_index": sealed.index,
        "leaf_hash": sealed.leaf_hash,
        "checkpoint_size": checkpoint_size,
    }
    if wanted == RecordFormat.OCSF:
        event = ocsf(sealed)
        event["unmapped"] |= place
        line = orjson.dumps(event)
    else:
        # The entry byte for byte, so that whoever has the record can hash it again.
        line = orjson.dumps(place)[:-1] + b',"entry":' + sealed.raw + b"}"
    body = sealed.body
    outcome = str(body.get("outcome", "success"))
    return Record(identity, sealed.index, str(body["type"]), str(sealed.entry["at"]), outcome, line)


def missing_record(
    index: int, leaf_hash: str, origin: str, checkpoint_size: int, wanted: str
) -> Record:
    """Return the record of an entry whose bytes are gone: its place, so that no index is missing."""
    facts = {
        "origin": origin,
        "leaf_index": index,
        "leaf_hash": leaf_hash,
        "checkpoint_size": checkpoint_size,
        "entry": None,
    }
    return _other(f"{log_id(origin)}-{index}", _MISSING, facts, wanted, index=index)


def checkpoint_record(origin: str, size: int, note: str, wanted: str) -> Record:
    """Return the record that carries a signed checkpoint; with more cosignatures it is another record."""
    facts = {"origin": origin, "checkpoint_size": size, "checkpoint": note}
    told = hashlib.sha256(note.encode()).hexdigest()[:16]
    return _other(f"{log_id(origin)}-checkpoint-{size}-{told}", _CHECKPOINT, facts, wanted)


def test_record(identity: str, origin: str, wanted: str) -> Record:
    """Return a record that is no entry of the log and says so."""
    facts = {
        "test": True,
        "origin": origin,
        "leaf_index": None,
        "leaf_hash": None,
        "checkpoint_size": None,
        "message": "A test record of Gatehouse. It is not in the audit log.",
    }
    return _other(identity, _TEST, facts, wanted)


def _other(
    identity: str, kind: str, facts: dict[str, Any], wanted: str, *, index: int | None = None
) -> Record:
    now = datetime.now(UTC)
    at = now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    told: dict[str, Any] = {"id": identity, "type": kind, **facts}
    if wanted == RecordFormat.OCSF:
        told = _base_event(told, round(now.timestamp() * 1000))
    return Record(identity, index, kind, at, "success", orjson.dumps(told))


def _base_event(told: dict[str, Any], milliseconds: int) -> dict[str, Any]:
    """Return OCSF's Base Event (class 0) with activity Other, for what has no class."""
    return {
        "activity_id": 99,
        "activity_name": "Other",
        "category_name": "Uncategorized",
        "category_uid": 0,
        "class_name": "Base Event",
        "class_uid": 0,
        "message": told["type"],
        "metadata": {
            "event_code": told["type"],
            "log_name": "audit",
            "product": {"name": "Gatehouse", "vendor_name": "Gatehouse"},
            "uid": told["id"],
            "version": OCSF_VERSION,
        },
        "severity": "Informational",
        "severity_id": 1,
        "time": milliseconds,
        "type_name": "Base Event: Other",
        "type_uid": 99,
        "unmapped": told,
    }
