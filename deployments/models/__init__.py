"""The nouns of the act."""

from deployments.models.deployment import (
    UNFINISHED,
    Deployment,
    DeploymentState,
    DeploymentStep,
    StepState,
)
from deployments.models.target import Cluster, Executor, Target, WorkloadBinding

__all__ = [
    "UNFINISHED",
    "Cluster",
    "Deployment",
    "DeploymentState",
    "DeploymentStep",
    "Executor",
    "StepState",
    "Target",
    "WorkloadBinding",
]
