"""The port's calls about models: KServe's InferenceServices and what is beneath them."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from deployments.clients import inference, reading, rollouts
from deployments.clients.api_server import ApiServer
from deployments.clients.cluster import DEFAULT_PATIENCE, RolloutStatus, Workload, WorkloadMissing
from deployments.clients.serving import (
    ANNOTATION_MODEL_DIGEST,
    Predictor,
    Served,
    Serving,
    ServingMode,
    ServingPod,
    ServingState,
)

Object = dict[str, Any]


class ModelCalls(ApiServer):
    """The half of the port (:class:`deployments.clients.serving.ServingCluster`) that is about models."""

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
