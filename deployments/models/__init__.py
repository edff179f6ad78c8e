"""The nouns of the act."""

from deployments.models.deployment import (
    OPEN_STEPS,
    UNFINISHED,
    Deployment,
    DeploymentState,
    DeploymentStep,
    StepState,
    StepVerb,
)
from deployments.models.target import Cluster, Executor, Target, WorkloadBinding

__all__ = [
    "OPEN_STEPS",
    "UNFINISHED",
    "Cluster",
    "Deployment",
    "DeploymentState",
    "DeploymentStep",
    "Executor",
    "StepState",
    "StepVerb",
    "Target",
    "WorkloadBinding",
]
