"""The values behind the entries' commitments, as far as they were not erased."""

import base64
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

import orjson
from django.db import connection

from audit.privacy.sealing import unseal
from audit.privacy.wrapping import Key, unwrap

DISCLOSED: Final = """
WITH kept AS (
    SELECT event_id, sealed FROM audit_disclosure WHERE event_id = ANY(%(ids)s::bigint[])
)
SELECT event_id, sealed::text, NULL::text, NULL::bytea FROM kept
UNION ALL
SELECT NULL, NULL, k.subject, k.wrapped FROM audit_subjectkey k
WHERE k.wrapped IS NOT NULL AND k.subject IN (
    SELECT one FROM kept, jsonb_object_keys(sealed) owner, string_to_table(owner, ' ') one
)
"""
"""Disclosures and the keys that open them, of one moment: a key that is destroyed now opens nothing more."""

Disclosed = Mapping[str, Mapping[str, str]]


def disclosed(event_ids: Collection[int]) -> dict[int, dict[str, str]]:
    """Return, by event, the values that are still disclosed, by field; one query.

    Raises:
        WrongPrivacyKey: the portal's secret does not open a key.
    """
    with connection.cursor() as cursor:
        cursor.execute(DISCLOSED, {"ids": list(event_ids)})
        opened = opened_rows(cursor.fetchall())
    return {
        event: {field: value for field, (_, value) in of.items()} for event, of in opened.items()
    }


def opened_rows(rows: Iterable[Any]) -> dict[int, dict[str, tuple[str, str]]]:
    """Return, by event and field, the salt (base64) and the value of what ``DISCLOSED`` answered."""
    sealed: dict[int, dict[str, dict[str, str]]] = {}
    keys: dict[str, Key | None] = {}
    for event, text, subject, wrapped in rows:
        if event is None:
            keys[subject] = unwrap(subject, bytes(wrapped))
        else:
            sealed[event] = orjson.loads(text)
    opened: dict[int, dict[str, tuple[str, str]]] = defaultdict(dict)
    for event, of_event in sealed.items():
        for each in unseal(of_event, keys):
            opened[event][each.field] = (base64.b64encode(each.salt).decode(), each.value)
    return opened
