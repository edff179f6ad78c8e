"""Write one audit event, inside the transaction of the change it describes."""

import base64
import hashlib
import secrets
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import orjson
from django.db import connection

from audit.canonical import canonical
from audit.errors import NotRecordable
from audit.names import ALWAYS_SUPPLIED, EventName
from audit.origin import current_origin
from audit.personal import Personal
from audit.prepared import prepared
from audit.privacy.sealing import SALT, Private, Sealed, seal
from audit.privacy.subject_keys import keys_of

MAX_FREE_TEXT = 4000
"""Characters of one private value; the rest is cut off."""

LARGEST_BODY = 65_535 - 512
"""Bytes. A tlog-tiles entry has at most 65,535; the envelope (stamps, stream, number) takes less than 512."""

_INSERT = """
WITH written AS (
    INSERT INTO audit_event (stream, body) VALUES (%s, %s)
    RETURNING id, uid, stream_seq, recorded_at, leaf_hash
), disclosed AS (
    INSERT INTO audit_disclosure (event_id, sealed) SELECT id, %s::jsonb FROM written
)
SELECT id, uid, stream_seq, recorded_at, leaf_hash FROM written
"""


class Actor(Protocol):
    """Who acts: a person, a service account, or the portal itself."""

    pseudonym: str
    kind: str

    @property
    def display_name(self) -> str:
        """The name people know them by, now."""


class Subject(Protocol):
    """What an event is about."""

    @property
    def audit_stream(self) -> str:
        """The stream its events belong to, such as ``change-request/12``."""

    @property
    def audit_object(self) -> dict[str, Any]:
        """Its identity in the entry: ``{"type": …, "id": …, "label": …}``; no personal data."""

    @property
    def audit_project(self) -> str | None:
        """The slug of the project it belongs to, if any."""


@dataclass(frozen=True)
class Receipt:
    """What proves that the event was recorded."""

    event_id: int
    uid: UUID
    stream: str
    stream_seq: int
    recorded_at: datetime
    leaf_hash: bytes


def commitment(field: str, value: str, salt: bytes) -> str:
    """Return base64url(SHA-256(salt || field || 0x00 || value)) without padding.

    Salted so that nobody can guess the value from the entry; the field's name is bound so that one
    value cannot be shown for another.
    """
    digest = hashlib.sha256(salt + field.encode() + b"\x00" + value.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def record(
    name: EventName,
    /,
    *,
    subject: Subject,
    by: Actor,
    outcome: str = "success",
    private: Mapping[str, str] | None = None,
    **data: Any,
) -> Receipt:
    """Append one event to its subject's stream.

    Args:
        name: which event, with its sentence.
        subject: what it is about; gives the stream and the project.
        by: who acted.
        outcome: ``success``, ``failure``, ``denied`` or ``error``.
        private: names and free text. The entry holds only a salted commitment to each; the text itself is
            kept under the key of whom it concerns: ``by``, or whom ``audit.personal`` says.
        data: facts for the entry: str, int, bool, None, lists and dicts of these. No floats, no
            personal data.

    Raises:
        RuntimeError: there is no transaction, so the change and its event could part.
        TypeError: the data holds a float, or something that is not JSON.
        NotRecordable: the data has no canonical form, or is too large for an entry.
        WrongPrivacyKey: the key of whom it concerns cannot be opened.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("record() must share the transaction of the change it describes.")
    _complain_of_missing_words(name, {*data, *(private or {})})
    origin = current_origin()
    disclosed = {"actor": by.display_name, **(private or {})}
    if origin.address:
        disclosed["address"] = origin.address
    values = _salted(disclosed, by.pseudonym)
    body = {
        "type": str(name),
        "outcome": outcome,
        "actor": {"id": by.pseudonym, "kind": str(by.kind)},
        "object": subject.audit_object,
        "project": subject.audit_project,
        "data": data,
        "private": {each.field: commitment(each.field, each.value, each.salt) for each in values},
        "source": {"channel": origin.channel, "request": origin.request_id},
    }
    sealed = seal(values, keys_of({subject for each in values for subject in each.subjects}))
    return _insert(subject.audit_stream, _bytes_of(body, name), sealed)


def _complain_of_missing_words(name: EventName, supplied: set[str]) -> None:
    # A sentence with a hole must not stop a deployment; the tests turn warnings into errors.
    if missing := name.words - supplied - ALWAYS_SUPPLIED:
        warnings.warn(f"{name} was recorded without {sorted(missing)}.", stacklevel=3)


def _bytes_of(body: dict[str, Any], name: EventName) -> bytes:
    composed = canonical(body)
    if len(composed) > LARGEST_BODY:
        raise NotRecordable(
            f"The facts of {name} take {len(composed)} bytes, and an entry of the audit log has room "
            f"for {LARGEST_BODY}. Split what you do into smaller steps."
        )
    return composed


def _salted(private: Mapping[str, str], actor: str) -> list[Private]:
    salts = secrets.token_bytes(SALT * len(private))
    return [
        Private(
            field,
            salts[number * SALT : (number + 1) * SALT],
            _storable(value[:MAX_FREE_TEXT]),
            value.subjects if isinstance(value, Personal) else (actor,),
        )
        for number, (field, value) in enumerate(private.items())
    ]


def _storable(text: str) -> str:
    # Whatever somebody typed must not keep what they did from being recorded.
    return text.replace("\x00", "").encode(errors="replace").decode()


def _insert(stream: str, body: bytes, sealed: Sealed) -> Receipt:
    values = [stream, body.decode(), orjson.dumps(sealed).decode()]
    ((event_id, uid, seq, at, leaf_hash),) = prepared(_INSERT, values, binary=True)
    return Receipt(event_id, uid, stream, seq, at, bytes(leaf_hash))
