"""MLflow's webhook deliveries: who signed them, how old they are, and which model they hint at.

The headers are MLflow's own, in the manner of Standard Webhooks: ``X-MLflow-Signature`` is ``v1,`` and the
base64 of HMAC-SHA256 over ``delivery id.timestamp.body``, with the secret's own bytes as the key.
"""

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from django.utils import timezone

from models_registry.errors import WebhookRefused
from models_registry.models import Registry

OLDEST: Final = 600
"""Seconds. MLflow signs once and repeats for minutes with the same time stamp."""
NEWEST: Final = 60
"""Seconds that another machine's clock may be ahead."""
LARGEST: Final = 256 * 1024
LONGEST_ID: Final = 100
LONGEST_TIME: Final = 15
LONGEST_NAME: Final = 500
ENTITIES: Final = frozenset(
    {"registered_model", "model_version", "model_version_tag", "model_version_alias"}
)
_EXAMPLE: Final = "example_model"


@dataclass(frozen=True)
class Delivery:
    """A delivery whose signature is good."""

    id: str
    entity: str
    action: str
    model: str
    """The model to look at; empty when it is about something else, or a test."""


def delivery_of(headers: Mapping[str, str], body: bytes, secret: str) -> Delivery:
    """Return the delivery that the bytes are.

    Args:
        headers: with names in any case, as Django's ``request.headers``.

    Raises:
        WebhookRefused: a header is missing, the signature is another's, the time is not now, or the body
            is no delivery.
    """
    delivery_id = headers.get("X-MLflow-Delivery-Id", "")
    timestamp = headers.get("X-MLflow-Timestamp", "")
    given = headers.get("X-MLflow-Signature", "")
    if not (0 < len(delivery_id) <= LONGEST_ID and delivery_id.isascii()) or not given:
        raise WebhookRefused(
            "A delivery has the headers X-MLflow-Delivery-Id, X-MLflow-Timestamp and "
            "X-MLflow-Signature; MLflow signs when the webhook has a secret."
        )
    if not hmac.compare_digest(signature(secret, delivery_id, timestamp, body), given.encode()):
        raise WebhookRefused("The signature does not fit the body and the registry's secret.")
    _refuse_age(timestamp)
    return _read(delivery_id, body)


def address_of(registry: Registry, portal: str) -> str:
    """Return the address that the registry's webhooks call."""
    return f"{portal}/api/v1/mlflow-webhooks/{registry.webhook_key}/"


def signature(secret: str, delivery_id: str, timestamp: str, body: bytes) -> bytes:
    """Return the value of ``X-MLflow-Signature``."""
    signed = b".".join([delivery_id.encode(), timestamp.encode("utf-8", "replace"), body])
    return b"v1," + base64.b64encode(hmac.digest(secret.encode(), signed, "sha256"))


def _refuse_age(timestamp: str) -> None:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= LONGEST_TIME):
        raise WebhookRefused("The time stamp is no number of seconds.")
    age = timezone.now().timestamp() - int(timestamp)
    if not -NEWEST <= age <= OLDEST:
        raise WebhookRefused(
            f"The delivery was signed {round(age)} seconds ago; at most {OLDEST} are taken."
        )


def _read(delivery_id: str, body: bytes) -> Delivery:
    try:
        document: Any = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise WebhookRefused("The body is not JSON.") from error
    if not isinstance(document, dict) or not isinstance(document.get("data"), dict):
        raise WebhookRefused("The body is no delivery: it has no data.")
    entity, action = str(document.get("entity"))[:60], str(document.get("action"))[:60]
    said = document["data"]
    name = said.get("name")
    is_ours = entity in ENTITIES and isinstance(name, str) and 0 < len(name) <= LONGEST_NAME
    model = name if is_ours and "\x00" not in name and not _is_test(said) else ""
    return Delivery(delivery_id, entity, action, model)


def _is_test(said: Mapping[str, Any]) -> bool:
    """Return whether these are the examples that MLflow sends when somebody tests a webhook."""
    if said.get("name") != _EXAMPLE:
        return False
    words = [said.get("source"), said.get("key"), said.get("alias"), said.get("description")]
    known = ("models:/123", "example_key", "example_alias", "An example registered model")
    return any(word in known for word in words if word)
