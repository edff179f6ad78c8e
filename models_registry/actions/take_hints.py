"""A worker takes the hints of a registry, to look at the models that they name."""

from django.db import transaction

from models_registry.leases import held
from models_registry.models import Hint, Registry


@transaction.atomic(durable=True)
def take_hints(registry: Registry, *, holder: str) -> list[str]:
    """Return the names and forget the hints: should the worker die now, the next full comparison sees all.

    Raises:
        LeaseLost: another worker reads the registry now.
    """
    waiting = Hint.objects.filter(registry=registry)
    if not waiting.exists():
        return []
    held(registry, holder)
    hints = list(waiting)
    Hint.objects.filter(pk__in=[hint.pk for hint in hints]).delete()
    return [hint.model_name for hint in hints]
