"""A worker takes a registry to read it, says how far it is, and lets it go with a result."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from audit.record import record
from catalog.models import User
from models_registry.audit_events import ModelEvent
from models_registry.leases import held, is_free
from models_registry.models import Registry, Sync, SyncPhase, SyncResult

LONGEST_PAUSE = 900
"""Seconds between two tries of a registry that does not answer."""


@transaction.atomic(durable=True)
def claim(registry_id: int, *, holder: str) -> Registry | None:
    """Take the lease of a registry; None when another worker holds it or the registry is switched off.

    The registry comes with its sync as it was left. What was compared last is forgotten until a comparison
    comes to its end: whoever dies or fails before may have written down what those answers do not show.
    """
    sync = Sync.objects.select_for_update(no_key=True).get(pk=registry_id)
    registry = Registry.objects.select_related("project").get(pk=registry_id)
    if not registry.is_active or not is_free(sync):
        return None
    Sync.objects.filter(pk=registry_id).update(lease_holder=holder, lease_until=_until(), pages={})
    registry.sync = sync
    return registry


@transaction.atomic(durable=True)
def say(
    registry: Registry, phase: SyncPhase, *, done: int = 0, total: int = 0, holder: str
) -> None:
    """Renew the lease, and say what the worker is busy with.

    Raises:
        LeaseLost: another worker took over.
    """
    sync = held(registry, holder)
    if sync.phase == SyncPhase.IDLE:
        sync.began_at = timezone.now()
    sync.phase, sync.done, sync.total, sync.lease_until = phase, done, total, _until()
    sync.save(update_fields=["phase", "done", "total", "lease_until", "began_at"])


@transaction.atomic(durable=True)
def release(registry: Registry, *, holder: str) -> None:
    """Let the lease go after a look at single models: the next full comparison parses every answer."""
    sync = held(registry, holder)
    sync.lease_holder, sync.lease_until, sync.phase = "", None, SyncPhase.IDLE
    sync.save(update_fields=["lease_holder", "lease_until", "phase"])


@transaction.atomic(durable=True)
def succeed(
    registry: Registry,
    sentence: str,
    *,
    counts: tuple[int, int],
    pages: list[str],
    holder: str,
    by: User,
) -> None:
    """Everything was compared.

    Args:
        counts: how many models and versions there are.
        pages: digests of the answers, for the next time.
    """
    sync = held(registry, holder)
    was = sync.result
    _end(sync, SyncResult.SUCCEEDED, sentence)
    sync.succeeded_at, sync.failures = sync.ended_at, 0
    sync.models_seen, sync.versions_seen = counts
    sync.pages = {"versions": pages}
    sync.due_at = timezone.now() + timedelta(seconds=settings.MODELS_SYNC_SECONDS)
    sync.save()
    if was in {SyncResult.ERRORED, SyncResult.REFUSED}:
        record(ModelEvent.SYNC_RECOVERED, subject=registry, by=by)


@transaction.atomic(durable=True)
def fail(registry: Registry, sentence: str, *, result: SyncResult, holder: str, by: User) -> None:
    """It came to nothing; tried again after pauses that double. What was taken in until then stays."""
    sync = held(registry, holder)
    was = sync.result
    _end(sync, result, sentence)
    sync.failures += 1
    pause = settings.MODELS_SYNC_SECONDS * 2 ** min(sync.failures - 1, 10)
    sync.due_at = timezone.now() + timedelta(seconds=min(pause, LONGEST_PAUSE))
    sync.save()
    if was != result:
        record(ModelEvent.SYNC_FAILED, subject=registry, by=by, outcome="error", why=sentence)


def _end(sync: Sync, result: SyncResult, sentence: str) -> None:
    sync.result, sync.sentence = result, sentence
    sync.phase, sync.done, sync.total = SyncPhase.IDLE, 0, 0
    sync.ended_at = timezone.now()
    sync.lease_holder, sync.lease_until = "", None


def _until() -> datetime:
    return timezone.now() + timedelta(seconds=settings.MODELS_LEASE_SECONDS)
