"""What workers do for the models registry: find, call, decide nothing."""

from celery import shared_task

from audit.origin import Origin, coming_from
from catalog.models import the_portal
from models_registry import retraining, work
from models_registry.actions.expire_retraining import expire_retraining
from models_registry.actions.forget_deliveries import forget_deliveries
from models_registry.models import AliasOrder, Hint, ModelVersion, Registry, RetrainingRequest
from models_registry.queue import (
    LOOK_AT_HINTS,
    READ_FILES,
    SEE_TO_RETRAINING,
    SET_ALIASES,
    SYNC,
    nudge_alias_orders,
    nudge_files,
    nudge_hints,
    nudge_retraining,
    nudge_sync,
)


@shared_task(name=SYNC)
def sync(registry_id: int) -> None:
    """Compare everything in a registry. A repeated message does no harm: one worker holds the lease."""
    with coming_from(Origin("worker")):
        work.sync(registry_id)


@shared_task(name=LOOK_AT_HINTS)
def look_at_hints(registry_id: int) -> None:
    """Look at the models that webhooks named."""
    with coming_from(Origin("worker")):
        work.look_at_hints(registry_id)


@shared_task(name=READ_FILES)
def read_files(registry_id: int) -> None:
    """Complete the intake of versions whose digest is not known yet, a portion at a time."""
    with coming_from(Origin("worker")):
        work.read_some_files(registry_id)


@shared_task(name=SET_ALIASES)
def set_aliases(registry_id: int) -> None:
    """Set aliases that verified deployments ordered."""
    with coming_from(Origin("worker")):
        work.set_waiting_aliases(registry_id)


@shared_task(name=SEE_TO_RETRAINING)
def see_to_retraining(request_id: int) -> None:
    """See to a retraining request. A repeated message does no harm: one worker holds the lease."""
    with coming_from(Origin("worker")):
        retraining.see_to(request_id)


@shared_task(name="models_registry.sweep_retraining", soft_time_limit=60)
def sweep_retraining() -> None:
    """Find requests that no worker is busy with, and those whose time is over."""
    with coming_from(Origin("worker")):
        for request_id in RetrainingRequest.objects.overdue().values_list("pk", flat=True):
            expire_retraining(request_id, by=the_portal())
        for request_id in RetrainingRequest.objects.waiting().values_list("pk", flat=True):
            nudge_retraining(request_id)


@shared_task(name="models_registry.sweep", soft_time_limit=60)
def sweep() -> None:
    """Find what no worker is busy with: due comparisons, lost nudges, and those that are to be repeated."""
    for registry_id in Registry.objects.due().values_list("pk", flat=True):
        nudge_sync(registry_id)
    active = Registry.objects.filter(is_active=True).values("pk")
    for registry_id in set(
        Hint.objects.filter(registry__in=active).values_list("registry_id", flat=True)
    ):
        nudge_hints(registry_id)
    waiting = ModelVersion.objects.waiting_for_files().filter(model__registry__in=active)
    for registry_id in set(waiting.values_list("model__registry_id", flat=True)):
        nudge_files(registry_id)
    for registry_id in set(
        AliasOrder.objects.waiting().values_list("model__registry_id", flat=True)
    ):
        nudge_alias_orders(registry_id)
    forget_deliveries()
