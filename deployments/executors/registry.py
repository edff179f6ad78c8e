"""Which executor a target has."""

from deployments.executors.kubernetes import KubernetesExecutor
from deployments.executors.manual import ManualExecutor
from deployments.executors.port import Executor as ExecutorPort
from deployments.executors.webhook import WebhookExecutor
from deployments.models import Executor, Target

EXECUTORS: dict[str, ExecutorPort] = {
    Executor.KUBERNETES: KubernetesExecutor(),
    Executor.WEBHOOK: WebhookExecutor(),
    Executor.MANUAL: ManualExecutor(),
}


def executor_of(target: Target) -> ExecutorPort:
    """Return who does the work for this target."""
    return EXECUTORS[target.executor]
