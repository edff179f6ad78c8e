"""The Kubernetes adapter: the port's calls on the official client, and nothing of it beyond.

One :class:`KubernetesCluster` per cluster and process (``connect`` keeps them).
"""

import threading
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from typing import Any

from deployments.clients import manifests, reading, rollouts
from deployments.clients.cluster import (
    DEFAULT_PATIENCE,
    OF_CONTAINERS,
    ClusterCheck,
    ClusterRefused,
    RolloutStatus,
    RunningDigests,
    Workload,
    WorkloadMissing,
    WorkloadState,
)
from deployments.clients.connection import ClusterConnection, open_client
from deployments.clients.kserve import ModelCalls
from deployments.clients.serving import ServingCluster

Object = dict[str, Any]
_opening = threading.Lock()


def connect(connection: ClusterConnection) -> ServingCluster:
    """Answer this process's adapter for a cluster. Raise ClusterRefused for bad credentials."""
    with _opening:
        return _connect(connection, connection.changed_at())


@cache
def _connect(connection: ClusterConnection, changed_at: int) -> "KubernetesCluster":  # noqa: ARG001 -- a new kubeconfig is a new client
    return KubernetesCluster(open_client(connection), read_seconds=connection.read_seconds)


class KubernetesCluster(ModelCalls):
    """The port (:class:`deployments.clients.serving.ServingCluster`) on a real API server."""

    def check(self, namespace: str = "default") -> ClusterCheck:
        version = self._ask("GET", "/version", about="its version").get("gitVersion", "unknown")
        may_apply = self._may_apply(namespace)
        if may_apply is False:
            sentence = f"Kubernetes {version}, but the portal may not apply Deployments there."
        else:
            sentence = f"Kubernetes {version} answers."
        return ClusterCheck(version, may_apply, sentence)

    def _may_apply(self, namespace: str) -> bool | None:
        attributes = {"verb": "patch", "group": "apps", "resource": "deployments"}
        body = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {**attributes, "namespace": namespace}},
        }
        path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        try:
            answer = self._ask("POST", path, body=body, about="an access review")
        except ClusterRefused:
            return None
        return bool((answer.get("status") or {}).get("allowed"))

    def current(self, workload: Workload) -> WorkloadState:
        try:
            return reading.state_of(workload, self._live(workload))
        except WorkloadMissing:
            return WorkloadState(workload, exists=False)

    def apply(
        self,
        workload: Workload,
        images: Mapping[str, str],
        *,
        annotations: Mapping[str, str] | None = None,
        labels: Mapping[str, str] | None = None,
        template: Mapping[str, Any] | None = None,
        dry_run: bool = False,
        force: bool = False,
        restore: bool = False,
    ) -> WorkloadState:
        if not restore:
            manifests.check_images(workload, images)
        try:
            live = self._live(workload)
        except WorkloadMissing:
            live = None
        body = manifests.to_apply(workload, live, images, template)
        manifests.mark(body, annotations, labels)
        applied = self._apply(workload, body, dry_run=dry_run, force=force)
        return reading.state_of(workload, applied)

    def rollout(
        self, workload: Workload, *, patience: timedelta = DEFAULT_PATIENCE
    ) -> RolloutStatus:
        live = self._live(workload)
        seen = rollouts.status_of(live)
        if seen.done:
            return seen
        _, new = self._pods(live, workload)
        problems = rollouts.problems_of(new)
        judged = rollouts.with_reasons(seen, live, problems, at=self._now, patience=patience)
        if not problems and not judged.failed:
            return judged
        return RolloutStatus(**{**vars(judged), "warnings": self._warnings(workload, live, new)})

    def wait(
        self,
        workload: Workload,
        *,
        since: str,
        seconds: float = 2.0,
        patience: timedelta = DEFAULT_PATIENCE,
    ) -> RolloutStatus:
        if seconds > 0:
            self._await_change(workload, since, seconds)
        return self.rollout(workload, patience=patience)

    def running_digests(self, workload: Workload) -> RunningDigests:
        everything, new = self._pods(self._live(workload), workload)
        return reading.running(workload, everything, new)

    def list_workloads(self, namespace: str) -> list[WorkloadState]:
        states = [
            reading.state_of(Workload(namespace, live["metadata"]["name"], kind), live)
            for kind in OF_CONTAINERS
            for live in self._list(manifests.collection(kind, namespace))
        ]
        return sorted(states, key=lambda state: state.workload)

    def _warnings(self, workload: Workload, live: Object, pods: list[Object]) -> tuple[str, ...]:
        path = f"/api/v1/namespaces/{workload.namespace}/events"
        events = self._list(path, [("fieldSelector", "type=Warning")])
        return rollouts.warnings_of(events, [live, *pods])
