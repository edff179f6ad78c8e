"""A webhook of MLflow says that something changed: a hint, looked at by a worker at once."""

from collections.abc import Mapping
from uuid import UUID

from django.db import transaction

from models_registry.clients.port import RegistryRefused
from models_registry.clients.secrets import secret_of
from models_registry.errors import UnknownWebhook, WebhookRefused
from models_registry.models import Hint, Registry, WebhookDelivery
from models_registry.naming import belongs
from models_registry.queue import nudge_hints
from models_registry.webhooks import Delivery, delivery_of


def take_delivery(key: UUID, headers: Mapping[str, str], body: bytes) -> str:
    """Take a delivery; return what was done with it. Nothing that it says is believed.

    No account calls: the signature is the permission. A hint is no change of what is known, so it leaves
    no event; what the worker then finds does.

    Raises:
        UnknownWebhook: no registry takes webhooks at this address.
        WebhookRefused: not signed as it should be, or too old.
    """
    registry = Registry.objects.filter(webhook_key=key, is_active=True).first()
    if registry is None or not registry.webhook_secret:
        raise UnknownWebhook("No registry takes webhooks at this address.")
    try:
        secret = secret_of(registry.webhook_secret)
    except RegistryRefused as error:
        raise WebhookRefused(
            "The secret of this registry's webhooks cannot be read, so no signature can be checked."
        ) from error
    return _keep(registry, delivery_of(headers, body, secret))


@transaction.atomic(durable=True)
def _keep(registry: Registry, delivery: Delivery) -> str:
    _, is_new = WebhookDelivery.objects.get_or_create(
        registry=registry,
        delivery_id=delivery.id,
        defaults={"entity": delivery.entity, "action": delivery.action},
    )
    if not is_new:
        return "This delivery was taken before."
    if not delivery.model:
        return "Taken; it is a test, or not about a model, so nothing follows from it."
    if not belongs(delivery.model, registry.name_pattern):
        return "Taken; the model does not belong to this registry's project."
    Hint.objects.get_or_create(registry=registry, model_name=delivery.model)
    nudge_hints(registry.pk)
    return "Taken; the model is looked at now."
