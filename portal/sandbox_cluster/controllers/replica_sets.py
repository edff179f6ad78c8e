"""The ReplicaSet controller: as many pods as wanted, and the count of those that serve."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from portal.sandbox_cluster import writing
from portal.sandbox_cluster.cluster import Cluster
from portal.sandbox_cluster.controllers import events
from portal.sandbox_cluster.objects import clone
from portal.sandbox_cluster.resources import POD, REPLICA_SET

Object = dict[str, Any]
SOURCE = "replicaset-controller"
_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
"""What generated names are made of: no vowels, so no words."""


def suffix(length: int = 5) -> str:
    return "".join(random.choices(_LETTERS, k=length))  # noqa: S311 -- a name, not a secret


def reconcile(cluster: Cluster, replica_set: Object) -> None:
    if "deletionTimestamp" in replica_set["metadata"]:
        return
    pods = pods_of(cluster, replica_set)
    missing = replica_set["spec"]["replicas"] - len(pods)
    for _ in range(missing):
        _create_pod(cluster, replica_set)
    if missing < 0:
        # The least useful first: what does not run, then what runs the shortest.
        for pod in sorted(pods, key=lambda pod: (is_ready(pod), -_age(pod)))[:-missing]:
            _delete_pod(cluster, replica_set, pod)
    _count(cluster, replica_set)


def pods_of(cluster: Cluster, replica_set: Object) -> list[Object]:
    """List the pods that count: owned, not ended, not on their way out."""
    return [
        pod
        for pod in cluster.store.owned_by(POD, replica_set)
        if "deletionTimestamp" not in pod["metadata"]
        and pod.get("status", {}).get("phase") not in {"Succeeded", "Failed"}
    ]


def is_ready(pod: Object) -> bool:
    return any(
        each["type"] == "Ready" and each["status"] == "True"
        for each in pod.get("status", {}).get("conditions", [])
    )


def is_available(pod: Object, min_ready_seconds: int) -> bool:
    """Whether a pod has been ready for long enough."""
    for each in pod.get("status", {}).get("conditions", []):
        if each["type"] == "Ready" and each["status"] == "True":
            since = datetime.fromisoformat(each["lastTransitionTime"])
            return since + timedelta(seconds=min_ready_seconds) <= datetime.now(UTC)
    return False


def _age(pod: Object) -> float:
    return -datetime.fromisoformat(pod["metadata"]["creationTimestamp"]).timestamp()


def _create_pod(cluster: Cluster, replica_set: Object) -> None:
    metadata, template = replica_set["metadata"], replica_set["spec"]["template"]
    given = template.get("metadata") or {}
    name = f"{metadata['name']}-{suffix()}"
    body: Object = {
        "metadata": {
            "name": name,
            "generateName": f"{metadata['name']}-",
            "namespace": metadata["namespace"],
            "labels": dict(given.get("labels") or {}),
            "ownerReferences": [writing.owner_of(replica_set, REPLICA_SET)],
        },
        "spec": clone(template["spec"]),
        "status": {"phase": "Pending"},
    }
    if given.get("annotations"):
        body["metadata"]["annotations"] = dict(given["annotations"])
    writing.create(cluster.store, POD, body, writing.CONTROLLER)
    _tell(cluster, replica_set, "SuccessfulCreate", f"Created pod: {name}")


def _delete_pod(cluster: Cluster, replica_set: Object, pod: Object) -> None:
    writing.begin_deletion(cluster.store, POD, pod)
    _tell(cluster, replica_set, "SuccessfulDelete", f"Deleted pod: {pod['metadata']['name']}")


def _tell(cluster: Cluster, replica_set: Object, reason: str, message: str) -> None:
    events.emit(cluster.store, REPLICA_SET, replica_set, reason, message, source=SOURCE)


def _count(cluster: Cluster, replica_set: Object) -> None:
    pods = pods_of(cluster, replica_set)
    min_ready = replica_set["spec"].get("minReadySeconds", 0)
    counts = {
        "replicas": len(pods),
        "fullyLabeledReplicas": len(pods),
        "readyReplicas": sum(is_ready(pod) for pod in pods),
        "availableReplicas": sum(is_available(pod, min_ready) for pod in pods),
    }
    status: Object = {"replicas": counts.pop("replicas")}
    status |= {name: count for name, count in counts.items() if count}
    status["observedGeneration"] = replica_set["metadata"]["generation"]
    writing.update_status(cluster.store, REPLICA_SET, replica_set, status)
