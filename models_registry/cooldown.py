"""How long a model that was trained again is left alone."""

from datetime import datetime, timedelta

from django.utils import timezone

from models_registry.models import RegisteredModel, RetrainingRequest, RetrainingTrigger


def cools_until(model: RegisteredModel, trigger: RetrainingTrigger) -> datetime | None:
    """Return when the model may be trained again; None for now.

    What counts is when a training was begun, or may have been, by whatever tool. A call that surely began
    none leaves no trace here.
    """
    begun = (
        RetrainingRequest.objects.filter(model=model, called_at__isnull=False)
        .order_by("-called_at")
        .values_list("called_at", flat=True)
        .first()
    )
    if begun is None:
        return None
    until = begun + timedelta(seconds=trigger.cooldown_seconds)
    return until if until > timezone.now() else None
