"""The kept answers of idempotent POSTs: claim, keep, release, replay, forget."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
import structlog
from django.db import connection
from django.http import HttpResponse
from django.utils import timezone

from portal.models import IdempotencyKey

log = structlog.get_logger(__name__)

TAKEN_OVER_AFTER: Final = timedelta(seconds=60)
"""A claim this old without an answer is of a process that died."""
KEPT_FOR: Final = timedelta(hours=24)
KEPT_HEADERS: Final = ("Content-Type", "Location", "ETag", "Retry-After")

# One statement, so that of two requests with one key exactly one gets the row back.
_CLAIM = """
INSERT INTO portal_idempotencykey AS held
    (account_id, key, method, path, body_sha256, claimed_at, headers, body)
VALUES (%(account)s, %(key)s, 'POST', %(path)s, %(digest)s, %(now)s, '{}', '')
ON CONFLICT (account_id, key) DO UPDATE SET
    path = EXCLUDED.path, body_sha256 = EXCLUDED.body_sha256, claimed_at = EXCLUDED.claimed_at,
    status = NULL, headers = '{}', body = ''
WHERE held.claimed_at < %(forgotten)s
   OR (held.status IS NULL AND held.claimed_at < %(dead)s
       AND held.path = EXCLUDED.path AND held.body_sha256 = EXCLUDED.body_sha256)
RETURNING id, claimed_at
"""


@dataclass(frozen=True)
class Call:
    """A POST as its key sees it."""

    account_id: int
    key: str
    path: str
    body_sha256: str


@dataclass(frozen=True)
class Claim:
    """The right to answer one call, until somebody takes it over."""

    row_id: int
    claimed_at: datetime


def claim(call: Call) -> Claim | None:
    """Return the claim to answer the call, None when the key is taken."""
    now = timezone.now()
    values: dict[str, int | str | datetime] = {
        "account": call.account_id,
        "key": call.key,
        "path": call.path,
        "digest": call.body_sha256,
        "now": now,
        "forgotten": now - KEPT_FOR,
        "dead": now - TAKEN_OVER_AFTER,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, values)
        row: tuple[int, datetime] | None = cursor.fetchone()
    return Claim(*row) if row else None


def held(call: Call) -> IdempotencyKey | None:
    """Return what stands under the call's key."""
    return IdempotencyKey.objects.filter(account_id=call.account_id, key=call.key).first()


def is_of(row: IdempotencyKey, call: Call) -> bool:
    """Return whether the row stands for the same call with the same body."""
    return (row.path, row.body_sha256) == (call.path, call.body_sha256)


def keep(claim: Claim, response: HttpResponse) -> None:
    """Keep the answer.

    A view whose answer holds a secret sets ``kept_instead`` on it: the document to keep in its place.
    """
    instead: Any = getattr(response, "kept_instead", None)
    body = response.content if instead is None else orjson.dumps(instead)
    headers = {name: response[name] for name in KEPT_HEADERS if name in response}
    _rows(claim).update(status=response.status_code, headers=headers, body=body)


def release(claim: Claim) -> None:
    """Give the key back: nothing was done under it."""
    _rows(claim).delete()


def _rows(claim: Claim) -> Any:
    return IdempotencyKey.objects.filter(pk=claim.row_id, claimed_at=claim.claimed_at)


def replay(row: IdempotencyKey) -> HttpResponse:
    """Return the kept answer."""
    response = HttpResponse(bytes(row.body), status=row.status)
    for name, value in row.headers.items():
        response[name] = value
    response["Idempotency-Replayed"] = "true"
    return response


def forget() -> int:
    """Delete the keys that are older than 24 hours; return how many."""
    deleted, _ = IdempotencyKey.objects.filter(claimed_at__lt=timezone.now() - KEPT_FOR).delete()
    return deleted
