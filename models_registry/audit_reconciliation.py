"""Rows of models and the events that each of them left; settings.AUDIT_RECONCILIATION names this."""

from typing import Final

from audit.completeness.reconciliation import Population
from catalog.audit_reconciliation import in_stream
from models_registry.audit_events import ModelEvent, RetrainingEvent
from models_registry.models import (
    Finding,
    FindingState,
    ModelVersion,
    RegisteredModel,
    Registry,
    RetrainingRequest,
    RetrainingTrigger,
)

POPULATIONS: Final = [
    Population(
        "Model registries",
        lambda: in_stream(Registry.objects.all(), "model-registry"),
        [ModelEvent.REGISTRY_CREATED],
    ),
    Population(
        "Models",
        lambda: in_stream(RegisteredModel.objects.all(), "model"),
        [ModelEvent.MODEL_TAKEN_IN],
    ),
    Population(
        "Model versions",
        lambda: in_stream(ModelVersion.objects.all(), "model-version"),
        [ModelEvent.VERSION_TAKEN_IN],
    ),
    Population(
        "Findings about models",
        lambda: in_stream(Finding.objects.all(), "model", "model_id"),
        [ModelEvent.FOUND],
    ),
    Population(
        "Settled findings about models",
        lambda: in_stream(Finding.objects.filter(state=FindingState.SETTLED), "model", "model_id"),
        [ModelEvent.FINDING_SETTLED],
    ),
    Population(
        "What trains models again",
        lambda: in_stream(RetrainingTrigger.objects.all(), "retraining-trigger"),
        [RetrainingEvent.TRIGGER_CREATED],
    ),
    Population(
        "Requests to train a model again",
        lambda: in_stream(RetrainingRequest.objects.all(), "retraining-request"),
        [RetrainingEvent.REQUESTED, RetrainingEvent.REQUESTED_EARLY],
    ),
]
