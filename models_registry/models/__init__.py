"""The nouns of the models registry."""

from models_registry.models.alias import AliasOrder, AliasOrderState, EnvironmentAlias
from models_registry.models.finding import Finding, FindingKind, FindingState
from models_registry.models.hint import Hint, WebhookDelivery
from models_registry.models.registered_model import RegisteredModel
from models_registry.models.registry import Registry, Sync, SyncPhase, SyncResult
from models_registry.models.retraining import (
    Origin,
    RetrainingRequest,
    RetrainingTrigger,
    TriggerKind,
)
from models_registry.models.version import DigestBasis, Intake, ModelVersion

__all__ = [
    "AliasOrder",
    "AliasOrderState",
    "DigestBasis",
    "EnvironmentAlias",
    "Finding",
    "FindingKind",
    "FindingState",
    "Hint",
    "Intake",
    "ModelVersion",
    "Origin",
    "RegisteredModel",
    "Registry",
    "RetrainingRequest",
    "RetrainingTrigger",
    "Sync",
    "SyncPhase",
    "SyncResult",
    "TriggerKind",
    "WebhookDelivery",
]
