"""Deliveries older than MLflow could repeat them are forgotten."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from models_registry.models import WebhookDelivery

KEPT = timedelta(days=1)


@transaction.atomic(durable=True)
def forget_deliveries() -> int:
    """Remove old deliveries; return how many. Their time stamps alone would have them refused."""
    old = WebhookDelivery.objects.filter(received_at__lt=timezone.now() - KEPT)
    return old.delete()[0]
