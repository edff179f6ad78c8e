"""Somebody wants a registry to be read now."""

from django.db import transaction
from django.utils import timezone

from audit.record import record
from catalog.models import User
from catalog.permissions import Permission, require
from models_registry.audit_events import ModelEvent
from models_registry.errors import RegistryPaused
from models_registry.models import Registry, Sync
from models_registry.queue import nudge_sync


@transaction.atomic(durable=True)
def request_sync(registry: Registry, *, by: User) -> None:
    """Let a worker compare everything in the registry now.

    Raises:
        NotPermitted: without ``manage_project``.
        RegistryPaused: the registry is switched off.
    """
    sync = Sync.objects.select_for_update(no_key=True).get(pk=registry.pk)
    require(Permission.MANAGE_PROJECT, by, registry.project)
    if not registry.is_active:
        raise RegistryPaused(
            f"The registry {registry} is switched off. A project administrator can switch it on."
        )
    sync.due_at = timezone.now()
    sync.save(update_fields=["due_at"])
    record(ModelEvent.SYNC_REQUESTED, subject=registry, by=by)
    nudge_sync(registry.pk)
