"""A worker sets an alias in MLflow that a verified deployment ordered."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from audit.record import record
from catalog.locking import locked
from catalog.models import User
from models_registry.aliases import alias_of, end_unasked
from models_registry.audit_events import ModelEvent
from models_registry.models import AliasOrder, AliasOrderState, Hint, Registry
from models_registry.queue import nudge_hints

LEASE_SECONDS = 120
LONGEST_PAUSE = 3600


@transaction.atomic(durable=True)
def claim_order(registry_id: int) -> AliasOrder | None:
    """Take the order that has waited longest; None when none waits.

    An order that a later one for the same alias has overtaken is not carried out any more, nor one under a
    name that is its environment's no more. While one is on its way to MLflow no other for that alias is
    taken: it could arrive there after it.
    """
    locked(Registry(pk=registry_id))
    while order := _next(registry_id):
        later = AliasOrder.objects.filter(model=order.model, alias=order.alias, pk__gt=order.pk)
        if later.exists():
            order.state, order.ended_at = AliasOrderState.OVERTAKEN, timezone.now()
            order.save(update_fields=["state", "ended_at"])
        elif (alias := alias_of(order.environment)) != order.alias:
            end_unasked(order, alias)
        else:
            order.state, order.try_at = AliasOrderState.SETTING, _in(LEASE_SECONDS)
            order.tries += 1
            order.sentence = ""
            order.save(update_fields=["state", "try_at", "tries", "sentence"])
            return order
    return None


@transaction.atomic(durable=True)
def postpone_order(order: AliasOrder, sentence: str) -> None:
    """Try again later, after pauses that double."""
    pause = min(5 * 2 ** min(order.tries, 12), LONGEST_PAUSE)
    AliasOrder.objects.filter(pk=order.pk).update(try_at=_in(pause), sentence=sentence[:2000])


@transaction.atomic(durable=True)
def finish_order(order: AliasOrder, *, by: User) -> None:
    """The alias is set; the model is looked at again, so that its page shows it."""
    _end(order, AliasOrderState.SET, "")
    record(
        ModelEvent.ALIAS_SET,
        subject=order.model,
        by=by,
        alias=order.alias,
        version=order.version.number,
        environment=order.environment.name,
        change_request=f"CR-{order.change_request}",
    )
    registry_id = order.model.registry_id
    Hint.objects.get_or_create(registry_id=registry_id, model_name=order.model.name)
    nudge_hints(registry_id)


@transaction.atomic(durable=True)
def refuse_order(order: AliasOrder, sentence: str, *, by: User) -> None:
    """MLflow said no; what runs is not touched by that. It is asked again much later, and told about once."""
    is_first = order.ended_at is None
    order.try_at, order.tries = _in(LONGEST_PAUSE), 0
    _end(order, AliasOrderState.REFUSED, sentence[:2000])
    if not is_first:
        return
    record(
        ModelEvent.ALIAS_REFUSED,
        subject=order.model,
        by=by,
        outcome="failure",
        alias=order.alias,
        version=order.version.number,
        why=sentence,
    )


def _next(registry_id: int) -> AliasOrder | None:
    same = AliasOrder.objects.filter(model=OuterRef("model"), alias=OuterRef("alias"))
    waiting = AliasOrder.objects.waiting().filter(model__registry=registry_id)
    waiting = waiting.exclude(Exists(same.in_flight()))
    related = waiting.select_related("model__registry__project", "version", "environment")
    return related.select_for_update(of=("self",), no_key=True, skip_locked=True).first()


def _end(order: AliasOrder, state: AliasOrderState, sentence: str) -> None:
    order.state, order.sentence, order.ended_at = state, sentence, timezone.now()
    order.save(update_fields=["state", "sentence", "ended_at", "try_at", "tries"])


def _in(seconds: int) -> datetime:
    return timezone.now() + timedelta(seconds=seconds)
