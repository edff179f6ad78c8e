"""What approvers sign about the way in which an environment is reached.

``releases`` may not import this app; it finds the function by its dotted path in
``settings.STATEMENT_TARGET``.
"""

from typing import Any

from catalog.models import Environment
from deployments.models import Executor, Target, WorkloadBinding

Document = dict[str, Any]


def target_of(environment: Environment) -> Document:
    """Return the environment's target as canonical JSON: no floats, no secrets, no personal data.

    An environment without a target has one too, so that giving it one voids what was signed before.
    """
    target = (
        Target.objects.filter(environment=environment)
        .select_related("cluster")
        .prefetch_related("bindings__artifact")
        .first()
    )
    if target is None:
        return {"executor": "none", "revision": 0}
    common: Document = {
        "executor": target.executor,
        "revision": target.revision,
        "timeout_seconds": target.timeout_seconds,
    }
    match target.executor:
        case Executor.KUBERNETES:
            return common | _on_a_cluster(target)
        case Executor.WEBHOOK:
            return common | {"url": target.webhook_url, "secret": target.webhook_secret}
        case _:
            return common


def _on_a_cluster(target: Target) -> Document:
    cluster = target.cluster
    return {
        "cluster": cluster.name if cluster else "",
        "server": cluster.server if cluster else "",
        "namespace": target.namespace,
        "bindings": [_binding(each) for each in target.bindings.all()],
    }


def _binding(binding: WorkloadBinding) -> Document:
    common: Document = {
        "artifact": binding.artifact.name,
        "kind": binding.workload_kind,
        "workload": binding.workload,
        "replicas": binding.replicas,
        "adopt": binding.adopt,
    }
    if not binding.serves_a_model:
        return common | {"container": binding.container}
    return common | {
        "model_format": binding.model_format,
        "runtime": binding.runtime,
        "serving_mode": binding.serving_mode,
        "canary_percents": list(binding.canary_percents),
        "canary_hold_seconds": binding.canary_hold_seconds,
    }
