"""Any other tool: a signed POST that says what is wanted. Sent again, it has the same id.

Standard Webhooks (``audit/webhooks.py``), with ``Idempotency-Key`` beside ``webhook-id``: whoever takes it
carries out one id once, so repeating is harmless.
"""

from datetime import datetime

import orjson
from django.utils import timezone

from audit.fallbacks.enclosed import enclosed_checkpoint
from audit.webhooks import SecretUnreadable, signature, signing_key
from models_registry.clients.triggers.asking import Tool
from models_registry.clients.triggers.port import (
    Begun,
    Found,
    Order,
    Phase,
    Seen,
    ToolRefused,
)
from models_registry.naming import RETRAINING_TAG


class WebhookTrigger:
    """One address that takes signed messages."""

    name = "The webhook's receiver"
    looks = False
    repeats = True

    def find(self, order: Order, since: datetime) -> Found:
        """Say that it may be sent again."""
        return Found()

    def begin(self, order: Order) -> Begun:
        """Send it."""
        body = orjson.dumps(_message(order))
        stamp = str(int(timezone.now().timestamp()))
        try:
            signed = signature(signing_key(order.secret), order.own_id, stamp, body)
        except SecretUnreadable as error:
            raise ToolRefused(f"The call cannot be signed: {error}") from error
        tool = Tool(self.name)
        headers = {
            "content-type": "application/json",
            "idempotency-key": order.own_id,
            "webhook-id": order.own_id,
            "webhook-timestamp": stamp,
            "webhook-signature": signed,
        }
        tool.judge(tool.send(order.address, body, headers))
        return Begun(order.own_id)

    def look(self, order: Order, begun: Begun) -> Seen:
        """Say what is known: that it was taken."""
        return Seen(Phase.WAITING, "The receiver took the call.", begun)


def _message(order: Order) -> dict[str, object]:
    return {
        "type": "retraining.requested",
        "request": order.own_id,
        "model": order.model,
        "parameters": dict(order.parameters),
        "expires_at": order.expires_at,
        "mlflow_tag": {"key": RETRAINING_TAG, "value": order.own_id},
        "log_checkpoint": enclosed_checkpoint(),
    }
