"""The node: takes pods, pulls their images, starts their containers, or says why it cannot."""

from dataclasses import dataclass, field
from typing import Any

from portal.sandbox_cluster import images, writing
from portal.sandbox_cluster.cluster import Cluster
from portal.sandbox_cluster.controllers import containers, events
from portal.sandbox_cluster.objects import clone
from portal.sandbox_cluster.resources import POD
from portal.sandbox_cluster.store import now

Object = dict[str, Any]
NODE = "sandbox-node-1"


@dataclass
class Life:
    """What the node remembers of a pod: when to look again, and how often each image was tried."""

    due: float | None
    attempts: dict[str, int] = field(default_factory=dict)
    stopping: bool = False


class Node:
    """The only node. Its memory is its own: after a restart it looks at every pod again."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._lives: dict[str, Life] = {}

    def next_due(self) -> float | None:
        """Answer when the next pod needs a look, by the cluster's clock."""
        return min(
            (life.due for life in self._lives.values() if life.due is not None), default=None
        )

    def step(self) -> None:
        pods = self._cluster.store.all(POD)
        known = {pod["metadata"]["uid"] for pod in pods}
        for uid in set(self._lives) - known:
            del self._lives[uid]
        for pod in pods:
            self._look_at(pod)

    def _look_at(self, pod: Object) -> None:
        present, pace = self._cluster.clock(), self._cluster.pace
        uid = pod["metadata"]["uid"]
        if "deletionTimestamp" in pod["metadata"]:
            life = self._lives.setdefault(uid, Life(due=None))
            if not life.stopping:
                life.stopping = True
                life.due = present + pace.stop
                self._tell_killing(pod)
            elif life.due is not None and life.due <= present:
                self._finish(pod)
            return
        if uid not in self._lives:
            settled = pod.get("status", {}).get("phase") == "Running" and _all_ready(pod)
            self._lives[uid] = Life(due=None if settled else present + pace.start)
            if not pod["spec"].get("nodeName"):
                self._take(pod)
            return
        life = self._lives[uid]
        if life.due is not None and life.due <= present:
            self._advance(pod, life)

    def _take(self, pod: Object) -> None:
        """Schedule a pod here: it has containers that are being created."""
        store = self._cluster.store
        bound = {**pod, "spec": {**pod["spec"], "nodeName": NODE}}
        bound = writing.update(store, POD, pod, bound, "kube-scheduler")
        present = now()
        status: Object = {
            "phase": "Pending",
            "hostIP": "10.0.0.1",
            "startTime": present,
            "qosClass": "BestEffort",
            "conditions": [],
        }
        for kind, named in containers.KINDS.items():
            if pod["spec"].get(kind):
                status[named] = [containers.creating(each) for each in pod["spec"][kind]]
        containers.settle(status, present)
        bound = writing.update_status(store, POD, bound, status, writing.NODE)
        metadata = pod["metadata"]
        message = f"Successfully assigned {metadata['namespace']}/{metadata['name']} to {NODE}"
        events.emit(store, POD, bound, "Scheduled", message, source="default-scheduler")

    def _advance(self, pod: Object, life: Life) -> None:
        """Take the next step of every container that does not run yet."""
        store, present = self._cluster.store, self._cluster.clock()
        status = clone(pod["status"])
        waits: list[float] = []
        stuck = False
        for kind, named in containers.KINDS.items():
            for container, was in zip(
                pod["spec"].get(kind) or [], status.get(named) or [], strict=True
            ):
                if stuck and kind == "containers":
                    # Containers wait for the init containers.
                    continue
                step = containers.next_step(
                    self._cluster, container, was, life.attempts, init=kind == "initContainers"
                )
                if step.wait is not None:
                    waits.append(step.wait)
                    stuck = True
                was.clear()
                was.update(step.status)
                for told in step.events:
                    events.emit(store, POD, pod, told.reason, told.message, warning=told.warning)
        containers.settle(status, now())
        status.setdefault("podIP", _address(pod["metadata"]["uid"]))
        life.due = present + min(waits) if waits else None
        writing.update_status(store, POD, pod, status, writing.NODE)

    def _tell_killing(self, pod: Object) -> None:
        for container in pod["spec"].get("containers") or []:
            message = f"Stopping container {container['name']}"
            events.emit(self._cluster.store, POD, pod, "Killing", message)

    def _finish(self, pod: Object) -> None:
        metadata = pod["metadata"]
        if not metadata.get("finalizers"):
            self._cluster.store.remove(POD, metadata["namespace"], metadata["name"])


def _all_ready(pod: Object) -> bool:
    statuses = pod.get("status", {}).get("containerStatuses") or []
    return bool(statuses) and all(each["ready"] for each in statuses)


def _address(uid: str) -> str:
    digest = images.another_digest(uid)
    return f"10.244.{int(digest[7:9], 16)}.{int(digest[9:11], 16)}"
