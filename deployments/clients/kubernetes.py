"""The Kubernetes adapter: the port's calls on the official client, and nothing of it beyond.

One :class:`KubernetesCluster` per cluster and process (``connect`` keeps them): a client holds a
connection pool and, with TLS, a context that are dear to make.
"""

import json
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any

from kubernetes import client
from urllib3.exceptions import HTTPError

from deployments.clients import answers, inference, manifests, reading, rollouts
from deployments.clients.cluster import (
    DEFAULT_PATIENCE,
    FIELD_MANAGER,
    OF_CONTAINERS,
    ClusterCheck,
    ClusterRefused,
    ClusterUnavailable,
    RolloutStatus,
    RunningDigests,
    Workload,
    WorkloadMissing,
    WorkloadState,
)
from deployments.clients.connection import (
    CONNECT_SECONDS,
    READ_SECONDS,
    ClusterConnection,
    open_client,
)
from deployments.clients.serving import (
    ANNOTATION_MODEL_DIGEST,
    Predictor,
    Served,
    Serving,
    ServingCluster,
    ServingMode,
    ServingPod,
    ServingState,
)

Object = dict[str, Any]

APPLY = "application/apply-patch+yaml"
JSON = "application/json"
PAGE = 500
"""Objects per page of a list."""
_opening = threading.Lock()


def connect(connection: ClusterConnection) -> ServingCluster:
    """Answer this process's adapter for a cluster. Raise ClusterRefused for bad credentials."""
    with _opening:
        return _connect(connection, connection.changed_at())


@cache
def _connect(connection: ClusterConnection, changed_at: int) -> "KubernetesCluster":  # noqa: ARG001 - a new kubeconfig is a new client
    return KubernetesCluster(open_client(connection), read_seconds=connection.read_seconds)


class KubernetesCluster:
    """The port (:class:`deployments.clients.serving.ServingCluster`) on a real API server."""

    def __init__(self, api: client.ApiClient, *, read_seconds: float = READ_SECONDS) -> None:
        self._api = api
        self._read_seconds = read_seconds
        self._host: str = api.configuration.host
        self._now = datetime.now(UTC)

    def __repr__(self) -> str:
        return f"KubernetesCluster({self._host!r})"

    # The port

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

    def _apply(self, workload: Workload, body: Object, *, dry_run: bool, force: bool) -> Object:
        query = [("fieldManager", FIELD_MANAGER), ("force", "true" if force else "false")]
        if dry_run:
            query.append(("dryRun", "All"))
        path = manifests.path_of(workload)
        return self._ask(
            "PATCH", path, query=query, body=body, content_type=APPLY, about=str(workload)
        )

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

    # The port, about models

    def serving(self, workload: Workload) -> ServingState:
        try:
            return inference.state_of(workload, self._live(workload))
        except WorkloadMissing:
            return ServingState(workload, exists=False)

    def serve(
        self, workload: Workload, serving: Serving, *, dry_run: bool = False, force: bool = False
    ) -> ServingState:
        body = inference.to_apply(workload, serving)
        return inference.state_of(
            workload, self._apply(workload, body, dry_run=dry_run, force=force)
        )

    def serving_rollout(
        self,
        workload: Workload,
        wanted: Predictor,
        *,
        beside: bool = False,
        patience: timedelta = DEFAULT_PATIENCE,
    ) -> RolloutStatus:
        live = self._live(workload)
        child = self._child(live, workload, wanted)
        problems = rollouts.problems_of(self._pods(child, workload)[1]) if child else ()
        return inference.judge(
            inference.Look(live, child, wanted, beside, problems, self._now, patience)
        )

    def wait_for_serving(
        self,
        workload: Workload,
        wanted: Predictor,
        *,
        since: str,
        beside: bool = False,
        seconds: float = 2.0,
        patience: timedelta = DEFAULT_PATIENCE,
    ) -> RolloutStatus:
        if seconds > 0:
            self._await_change(workload, since, seconds)
        return self.serving_rollout(workload, wanted, beside=beside, patience=patience)

    def traffic(self, workload: Workload, challenger: Predictor) -> int | None:
        return inference.traffic_of(self._live(workload), challenger)

    def served(self, workload: Workload) -> Served:
        live = self._live(workload)
        pods = [
            pod for child in self._children(workload) for pod in self._serving_pods(child, workload)
        ]
        return Served(workload, tuple(pods), inference.elsewhere(live))

    # Reading

    def _serving_pods(self, child: Object, workload: Workload) -> Iterator[ServingPod]:
        everything, new = self._pods(child, workload)
        present = {pod["metadata"]["uid"] for pod in new}
        for pod in everything:
            if (pod.get("status") or {}).get("phase") in {"Succeeded", "Failed"}:
                continue
            annotations = inference.annotations_of(pod)
            yield ServingPod(
                pod=pod["metadata"]["name"],
                storage_uri=annotations.get(inference.SOURCE, ""),
                digest=annotations.get(ANNOTATION_MODEL_DIGEST, ""),
                ready=reading.condition(pod, "Ready").get("status") == "True",
                new=pod["metadata"]["uid"] in present,
                terminating="deletionTimestamp" in pod["metadata"],
            )

    def _children(self, workload: Workload) -> list[Object]:
        """List the Deployments of every predictor, canary and revision of a service."""
        path = f"/apis/apps/v1/namespaces/{workload.namespace}/deployments"
        selected = [("labelSelector", f"{inference.OF_SERVICE}={workload.name}")]
        return list(self._list(path, selected))

    def _child(self, live: Object, workload: Workload, wanted: Predictor) -> Object | None:
        """Find the Deployment of a predictor; none while KServe has not made it."""
        children = self._children(workload)
        if inference.mode_of(live) is ServingMode.KNATIVE:
            revision = inference.latest_revision(live)
            found = (
                each
                for each in children
                if each["metadata"]["labels"].get(inference.OF_REVISION) == revision
            )
        else:
            name = inference.child_name(workload.name, wanted)
            found = (each for each in children if each["metadata"]["name"] == name)
        return next(found, None)

    def _live(self, workload: Workload) -> Object:
        return self._ask("GET", manifests.path_of(workload), about=str(workload))

    def _pods(self, live: Object, workload: Workload) -> tuple[list[Object], list[Object]]:
        """List a workload's pods, and of these the ones of its present revision."""
        selected = [("labelSelector", reading.selector_of(live))]
        inside = f"namespaces/{workload.namespace}"
        listed = list(self._list(f"/apis/apps/v1/{inside}/replicasets", selected))
        owned = reading.owned_by(listed, [live])
        pods = reading.owned_by(self._list(f"/api/v1/{inside}/pods", selected), owned)
        present = reading.present_revision(live, owned)
        return pods, reading.owned_by(pods, [present] if present else [])

    def _warnings(self, workload: Workload, live: Object, pods: list[Object]) -> tuple[str, ...]:
        path = f"/api/v1/namespaces/{workload.namespace}/events"
        events = self._list(path, [("fieldSelector", "type=Warning")])
        return rollouts.warnings_of(events, [live, *pods])

    def _list(self, path: str, query: list[tuple[str, str]] | None = None) -> Iterator[Object]:
        """List in pages. A list that became too old on the way begins again only next time."""
        following = ""
        while True:
            paged = [*(query or []), ("limit", str(PAGE))]
            if following:
                paged.append(("continue", following))
            page = self._ask("GET", path, query=paged, about=path)
            yield from page.get("items") or []
            following = (page.get("metadata") or {}).get("continue") or ""
            if not following:
                return

    def _await_change(self, workload: Workload, since: str, seconds: float) -> None:
        """Watch until something happens to the workload, or until the time is over."""
        query = [
            ("watch", "true"),
            ("fieldSelector", f"metadata.name={workload.name}"),
            ("resourceVersion", since),
            ("timeoutSeconds", str(max(1, round(seconds)))),
        ]
        path = manifests.collection(workload.kind, workload.namespace)
        try:
            response = self._send("GET", path, query=query, read_seconds=seconds)
        except HTTPError:
            # Nothing happened in time, or nobody is there: the look that follows finds out which.
            return
        try:
            if response.status == 200:  # noqa: PLR2004 - OK
                next(response.response.stream(65_536), None)
        except HTTPError:
            return
        finally:
            # An open watch would go on streaming into a connection that others would then get.
            response.response.close()

    # Asking

    def _ask(
        self,
        method: str,
        path: str,
        *,
        about: str,
        query: list[tuple[str, str]] | None = None,
        body: Object | None = None,
        content_type: str = JSON,
    ) -> Object:
        try:
            response = self._send(method, path, query=query, body=body, content_type=content_type)
            raw = response.read()
        except HTTPError as error:
            raise answers.not_reached(self._host, error) from error
        except client.ApiException as error:
            # The client's own wrapping of a failed TLS handshake.
            raise ClusterRefused(f"The cluster at {self._host}: {error.reason}") from error
        self._note_time(response.getheader("date"))
        text = (raw or b"").decode("utf-8", "replace")
        if not 200 <= response.status < 300:  # noqa: PLR2004 - the statuses of success
            raise answers.refusal(self._host, response.status, text, about)
        return self._read(text)

    def _read(self, text: str) -> Object:
        try:
            answer = json.loads(text)
        except ValueError as error:
            raise ClusterUnavailable(
                f"{self._host} answered something that is not JSON; is that the API server?"
            ) from error
        if not isinstance(answer, dict):
            raise ClusterUnavailable(f"{self._host} answered something that is no object.")
        return answer

    def _send(
        self,
        method: str,
        path: str,
        *,
        query: list[tuple[str, str]] | None = None,
        body: Object | None = None,
        content_type: str = JSON,
        read_seconds: float | None = None,
    ) -> Any:
        headers = {"Accept": JSON}
        if body is not None:
            headers["Content-Type"] = content_type
        request = self._api.param_serialize(
            method,
            path,
            query_params=list(query or []),
            header_params=headers,
            body=body,
            auth_settings=["BearerToken"],
        )
        timeout = (CONNECT_SECONDS, read_seconds or self._read_seconds)
        return self._api.call_api(*request, _request_timeout=timeout)

    def _note_time(self, date: str | None) -> None:
        """Keep the cluster's own time: ages of pods are judged by its clock, not by ours."""
        self._now = parsedate_to_datetime(date) if date else datetime.now(UTC)
