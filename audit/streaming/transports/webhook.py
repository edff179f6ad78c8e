"""A signed POST as Standard Webhooks has it; any 2xx is the acknowledgement."""

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

import orjson
from django.conf import settings
from django.utils import timezone

from audit.outgoing import Answer, OutgoingError, post
from audit.streaming.errors import NotDelivered, RecordsRefused
from audit.streaming.models import BodyLayout, Destination
from audit.streaming.reading import enclosed_record
from audit.streaming.records import Batch
from audit.webhooks import SecretUnreadable, read_secret, signature, signing_secret

LONGEST_WAIT: Final = 3600.0
"""Seconds. Who asks for more is asked again after this."""
_SHOWN: Final = 200
_REMOVED: Final = "[removed]"
# These blame the records. Every other refusal (401, 404, 410 …) is about the address or the right to write
# there: nothing is thrown away for it, the destination is tried again until somebody repairs it.
_BLAMES_RECORDS: Final = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)


class Webhook:
    """POSTs a batch; its id is the same when it is sent again."""

    most_records = 100
    most_bytes = 256 * 1024

    def send(self, destination: Destination, batch: Batch) -> None:
        """POST it; see ``Transport``."""
        body = _body(destination, batch)
        try:
            secrets = _Secrets(destination)
            answer = post(destination.url, body, secrets.headers(destination, batch.id, body))
        except SecretUnreadable as error:
            raise NotDelivered(
                f"{error} The operator mounts secrets as files in STREAMING_SECRETS_DIR."
            ) from error
        except OutgoingError as error:
            raise NotDelivered(error.sentence) from error
        _judge(answer, secrets)


class _Secrets:
    """What signs and what opens the door; never said in a sentence."""

    def __init__(self, destination: Destination) -> None:
        directory = settings.STREAMING_SECRETS_DIR
        self._signing = signing_secret(directory, destination.signing_secret)
        name = destination.authorization_secret
        self._authorization = read_secret(directory, name) if name else ""
        if not (self._authorization.isascii() and self._authorization.isprintable()):
            raise SecretUnreadable(f"The secret {name} is no header: it must be one line of ASCII.")

    def headers(self, destination: Destination, message_id: str, body: bytes) -> dict[str, str]:
        timestamp = str(int(timezone.now().timestamp()))
        lines = destination.layout == BodyLayout.LINES
        headers = {
            "content-type": "application/x-ndjson" if lines else "application/json",
            "user-agent": "Gatehouse",
            "webhook-id": message_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": signature(self._signing, message_id, timestamp, body),
        }
        if self._authorization:
            headers["authorization"] = self._authorization
        return headers

    def removed_from(self, text: str) -> str:
        """Return what a receiver said, in case it repeats what it was sent."""
        for secret in (self._authorization, self._authorization.rpartition(" ")[2]):
            text = text.replace(secret, _REMOVED) if secret else text
        return text


def _body(destination: Destination, batch: Batch) -> bytes:
    if destination.layout == BodyLayout.LINES:
        records = [*batch.records, *enclosed_record(batch, destination.format)]
        return b"".join(record.line + b"\n" for record in records)
    head = {"type": "audit.entries", "destination": destination.name, "origin": batch.origin}
    records_part = b",".join(record.line for record in batch.records)
    tail = orjson.dumps(batch.checkpoint)
    return (
        orjson.dumps(head)[:-1]
        + b',"records":['
        + records_part
        + b'],"log_checkpoint":'
        + tail
        + b"}"
    )


def _judge(answer: Answer, secrets: _Secrets) -> None:
    if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return
    said = secrets.removed_from("".join(c for c in answer.text if c.isprintable()))[:_SHOWN].strip()
    sentence = f"The destination answered {answer.status}" + (f": {said}" if said else ".")
    if answer.status in _BLAMES_RECORDS:
        raise RecordsRefused(sentence)
    raise NotDelivered(sentence, wait=_wait(answer.retry_after))


def _wait(text: str) -> float | None:
    """Return the seconds of a Retry-After header (RFC 9110, 10.2.3): a number of seconds or a date."""
    if text.isascii() and text.isdecimal():
        seconds = float(text[:9])
    else:
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        seconds = (moment - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 0.0), LONGEST_WAIT) if math.isfinite(seconds) else None
