"""Where MLflow's webhooks arrive."""

from typing import Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.describe import call
from catalog.api.endpoint import Endpoint
from models_registry.actions.take_delivery import take_delivery
from models_registry.errors import WebhookRefused
from models_registry.webhooks import LARGEST


class DeliverySerializer(serializers.Serializer[Any]):
    """A delivery of MLflow, as it sends it."""

    entity = serializers.CharField()
    action = serializers.CharField()
    timestamp = serializers.CharField()
    data = serializers.DictField()  # type: ignore[assignment]  # MLflow's own name


class TakenSerializer(serializers.Serializer[Any]):
    """What was done with it."""

    detail = serializers.CharField()


class WebhookView(Endpoint):
    """``mlflow-webhooks/{key}/``: no account calls here, the signature is the permission."""

    authentication_classes = []
    permission_classes = [AllowAny]

    @call(
        "model registries",
        "Take a webhook of MLflow",
        name="mlflow_webhooks_take",
        body=DeliverySerializer,
        answer=TakenSerializer,
    )
    def post(self, request: Request, key: UUID) -> Response:
        """Signed by MLflow over the raw bytes; only a hint that a model is to be looked at now."""
        # Not request.data: the signature is over the bytes, and not over what they mean.
        body: bytes = request.stream.read(LARGEST + 1) if request.stream else b""
        if len(body) > LARGEST:
            raise WebhookRefused(f"A delivery has at most {LARGEST} bytes.")
        return Response({"detail": take_delivery(key, request.headers, body)})
