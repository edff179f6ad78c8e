"""One worker at a time reads a registry, and what an earlier one saw is not written over what it sees."""

from django.utils import timezone

from models_registry.errors import LeaseLost
from models_registry.models import Registry, Sync


def held(registry: Registry, holder: str) -> Sync:
    """Return the registry's sync, locked until the transaction ends, if this worker holds its lease.

    Raises:
        LeaseLost: another worker does.
    """
    sync = Sync.objects.select_for_update(no_key=True).get(pk=registry.pk)
    if sync.lease_holder != holder or sync.lease_until is None:
        raise LeaseLost(
            f"The registry {registry} is read by {sync.lease_holder or 'nobody'} now, not by {holder}."
        )
    return sync


def is_free(sync: Sync) -> bool:
    """Return whether nobody holds the lease."""
    return sync.lease_until is None or sync.lease_until <= timezone.now()
