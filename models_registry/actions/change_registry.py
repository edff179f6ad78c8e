"""A registry changes: its address, its secrets, which models belong to the project, or whether it is read."""

from django.db import transaction
from django.utils import timezone

from audit.record import record
from catalog.locking import locked
from catalog.models import User
from catalog.permissions import Permission, require
from catalog.validation import in_words
from models_registry.actions.create_registry import RegistrySpec, check, fill
from models_registry.audit_events import ModelEvent
from models_registry.models import Registry, Sync
from models_registry.queue import nudge_sync

_FIELDS = ("tracking_url", "name_pattern", "credentials", "webhook_secret", "is_active")


@transaction.atomic(durable=True)
def change_registry(registry: Registry, spec: RegistrySpec, *, by: User) -> Registry:
    """Change the registry; a worker reads it anew. The same again changes nothing.

    Raises:
        NotPermitted: without ``manage_project``.
        RegistryUnfit, InvalidInput: a field does not fit.
    """
    project = locked(registry.project)
    registry = locked(registry)
    registry.project = project
    require(Permission.MANAGE_PROJECT, by, project)
    before = {name: getattr(registry, name) for name in _FIELDS}
    fill(registry, spec)
    check(registry)
    changed = {
        name: [was, getattr(registry, name)]
        for name, was in before.items()
        if was != getattr(registry, name)
    }
    if not changed:
        return registry
    registry.save(update_fields=_FIELDS)
    # Whoever reads it now reads with the old settings: their lease ends, and what they saw is not written.
    Sync.objects.filter(registry=registry).update(
        pages={}, due_at=timezone.now(), lease_holder="", lease_until=None
    )
    record(
        ModelEvent.REGISTRY_CHANGED,
        subject=registry,
        by=by,
        what=in_words({name: [_said(a), _said(b)] for name, (a, b) in changed.items()}),
    )
    nudge_sync(registry.pk)
    return registry


def _said(value: object) -> object:
    return ("yes" if value else "no") if isinstance(value, bool) else value
