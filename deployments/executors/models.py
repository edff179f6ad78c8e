"""A model in a KServe InferenceService: planned, tried beside what serves, promoted, compared, put back."""

import time
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from deployments.clients.cluster import ClusterRefused, RolloutStatus, Workload
from deployments.clients.serving import (
    ANNOTATION_MODEL_DIGEST,
    Predictor,
    Serving,
    ServingCluster,
    ServingMode,
    ServingPod,
    ServingState,
)
from deployments.executors.pace import PATIENCE_VERIFY, PAUSE, look_for, may_settle
from deployments.executors.placement import Before, Marks
from deployments.executors.port import DefiniteNo
from deployments.executors.work import Work
from deployments.models import DeploymentStep

NAME_DIGITS = 9
"""Digits of the digest in the name of a challenger: short, since it is part of a host name."""


@dataclass(frozen=True)
class ModelPlacement:
    """What one InferenceService shall serve."""

    workload: Workload
    storage_uri: str
    digest: str
    model_format: str
    runtime: str
    replicas: int | None
    mode: ServingMode
    percents: tuple[int, ...]
    """The challenger's parts of the traffic, one after the other; none: all at once."""
    hold: timedelta
    """How long each part is held."""
    adopt: bool
    artifacts: list[str]

    @property
    def name(self) -> str:
        """The service's name."""
        return self.workload.name

    @property
    def words(self) -> str:
        """The model as people read it."""
        return f"{self.storage_uri} ({self.digest})"

    # ── planning ─────────────────────────────────────────────────────────────────────────────────

    def look(self, cluster: ServingCluster) -> Before:
        """Read what serves, and decide whether the new model is tried beside it."""
        state = cluster.serving(self.workload)
        keep = state.exists and not (state.stopped and state.is_ours)
        if not keep or state.predictor is None:
            return {"exists": False, "canary": False, "predictor": None}
        self._refuse_strange_canaries(state)
        wanted = self._predictor({}, name=_challenger_name(self.digest))
        is_new = not wanted.is_same_model_as(state.predictor)
        return {
            "exists": True,
            "canary": bool(self.percents) and is_new and wanted.name != state.predictor.name,
            "predictor": state.predictor.as_json(),
        }

    def _refuse_strange_canaries(self, state: ServingState) -> None:
        if state.canaries:
            raise DefiniteNo(
                f"{self.workload} already has a canary that is not part of this change. Promote it or "
                "take it away, so that all requests go to one model; then ask again."
            )

    def is_tried_beside(self, before: Before) -> bool:
        """Return whether the new model gets its part of the traffic step by step."""
        return bool(before["canary"])

    # ── applying ─────────────────────────────────────────────────────────────────────────────────

    def make(
        self, cluster: ServingCluster, before: Before, marks: Marks, *, dry_run: bool = False
    ) -> None:
        """Apply the model: beside what serves and without traffic, or in its place."""
        cluster.serve(
            self.workload,
            self._serving(before, marks, percent=0),
            dry_run=dry_run,
            force=self.adopt,
        )

    def shift(self, cluster: ServingCluster, before: Before, marks: Marks, percent: int) -> None:
        """Send a part of the traffic to the new model."""
        serving = self._serving(before, marks, percent=percent)
        cluster.serve(self.workload, serving, force=self.adopt)

    def promote(self, cluster: ServingCluster, before: Before, marks: Marks) -> None:
        """Make the new model the only one."""
        promoted = Serving(self.wanted(before, marks), self.mode)
        cluster.serve(self.workload, promoted, force=self.adopt)

    def wanted(self, before: Before, marks: Marks) -> Predictor:
        """Return the predictor of the new model.

        In place it keeps the name, so that its Deployment rolls; beside it needs one of its own.
        """
        if before["canary"] and self.mode is ServingMode.STANDARD:
            return self._predictor(marks, name=_challenger_name(self.digest))
        name = before["predictor"]["name"] if before["exists"] else ""
        return self._predictor(marks, name=name)

    def _serving(self, before: Before, marks: Marks, *, percent: int) -> Serving:
        wanted = self.wanted(before, marks)
        if not before["canary"]:
            return Serving(wanted, self.mode)
        return Serving(Predictor(**before["predictor"]), self.mode, wanted, percent)

    def _predictor(self, marks: Marks, *, name: str) -> Predictor:
        return Predictor(
            storage_uri=self.storage_uri,
            model_format=self.model_format,
            runtime=self.runtime,
            replicas=self.replicas,
            name=name,
            annotations={**marks, ANNOTATION_MODEL_DIGEST: self.digest},
        )

    # ── watching ─────────────────────────────────────────────────────────────────────────────────

    def watch(
        self,
        cluster: ServingCluster,
        before: Before,
        marks: Marks,
        *,
        since: str,
        seconds: float,
        patience: timedelta,
    ) -> RolloutStatus:
        """Look whether the model is loaded."""
        return _look(
            cluster,
            self.workload,
            self.wanted(before, marks),
            beside=before["canary"],
            since=since,
            seconds=seconds,
            patience=patience,
        )

    def watch_promoted(
        self, cluster: ServingCluster, before: Before, marks: Marks, **how: Any
    ) -> RolloutStatus:
        """Look whether the model serves alone."""
        return _look(cluster, self.workload, self.wanted(before, marks), beside=False, **how)

    def gets(self, cluster: ServingCluster, before: Before, marks: Marks) -> int | None:
        """Return the new model's part of the traffic, as the cluster says."""
        return cluster.traffic(self.workload, self.wanted(before, marks))

    # ── comparing ────────────────────────────────────────────────────────────────────────────────

    def compare(self, work: Work, cluster: ServingCluster, step: DeploymentStep) -> int:
        """Hold the model that each serving pod was told to load against the approved one."""
        patient_until = time.monotonic() + PATIENCE_VERIFY
        while True:
            served = cluster.served(self.workload)
            staying = [each for each in served.pods if not each.terminating]
            right = [each for each in staying if self._is_approved(each)]
            others = [each for each in staying if each not in right]
            if right and not others and not served.elsewhere:
                return len(right)
            if time.monotonic() > patient_until:
                raise self._no(others, served.elsewhere)
            waits_for = ", ".join(sorted(each.pod for each in others)) or "a pod that serves"
            work.say(step, f"Waiting for {served.elsewhere[0] if served.elsewhere else waits_for}.")
            time.sleep(PAUSE)

    def _is_approved(self, pod: ServingPod) -> bool:
        return (pod.storage_uri, pod.digest) == (self.storage_uri, self.digest)

    def _no(self, others: list[ServingPod], elsewhere: tuple[str, ...]) -> DefiniteNo:
        if others:
            pod = others[0]
            return DefiniteNo(
                f"The pod {pod.pod} serves {pod.storage_uri or 'no model that KServe names'} "
                f"({pod.digest or 'without a digest of ours'}), but {self.words} was approved."
            )
        if elsewhere:
            return DefiniteNo(f"Not all requests go to the approved model: {elsewhere[0]}.")
        return DefiniteNo(
            f"No pod of {self.workload} runs, so nothing can be compared with what was approved. Give "
            "it at least one replica."
        )

    # ── putting back ─────────────────────────────────────────────────────────────────────────────

    def restore(
        self, work: Work, cluster: ServingCluster, step: DeploymentStep, before: Before
    ) -> tuple[str, str]:
        """Let the model that served before serve again; a service made for this is stopped."""
        state = cluster.serving(self.workload)
        mode = state.mode if state.exists else self.mode
        work.confirm()
        if not before["exists"]:
            if not state.exists:
                return "no model, as before", "It was never made."
            never = Serving(self._predictor({}, name=""), mode, stopped=True)
            cluster.serve(self.workload, never, force=self.adopt)
            return "no model, as before", "It is stopped."
        former = Predictor(**before["predictor"])
        serving = state.predictor or former
        if mode is ServingMode.STANDARD and serving.name == former.name:
            # It never gave its place up: what runs beside it goes, or its Deployment rolls back.
            return former.storage_uri, self._settle(work, cluster, step, Serving(former, mode))
        back = former if mode is ServingMode.KNATIVE else _renamed(former, serving)
        if not (serving.is_same_model_as(back) and not state.canaries):
            # First without traffic, and only then in the place of what serves now.
            beside = Serving(serving, mode, back, percent=0)
            self._settle(work, cluster, step, beside)
            work.confirm()
        return former.storage_uri, self._settle(work, cluster, step, Serving(back, mode))

    def _settle(
        self, work: Work, cluster: ServingCluster, step: DeploymentStep, serving: Serving
    ) -> str:
        """Apply it and wait until its model is loaded.

        Raises:
            ClusterRefused: it does not come to that.
        """
        cluster.serve(self.workload, serving, force=self.adopt)
        wanted, beside = serving.challenger or serving.predictor, serving.challenger is not None
        began = time.monotonic()
        status = cluster.serving_rollout(self.workload, wanted, beside=beside)
        while may_settle(status, began=began):
            work.say(step, status.reason)
            status = cluster.wait_for_serving(
                self.workload,
                wanted,
                since=status.resource_version,
                beside=beside,
                seconds=look_for(),
            )
        if status.failed or (beside and not status.done):
            raise ClusterRefused(status.reason)
        return status.reason


def _look(
    cluster: ServingCluster,
    workload: Workload,
    wanted: Predictor,
    *,
    beside: bool,
    since: str,
    seconds: float,
    patience: timedelta,
) -> RolloutStatus:
    if not since:
        return cluster.serving_rollout(workload, wanted, beside=beside, patience=patience)
    return cluster.wait_for_serving(
        workload, wanted, since=since, beside=beside, seconds=seconds, patience=patience
    )


def _challenger_name(digest: str) -> str:
    return f"m{digest.removeprefix('sha256:')[:NAME_DIGITS]}"


def _renamed(former: Predictor, serving: Predictor) -> Predictor:
    """Give the former model a name under which it can stand beside what serves now."""
    name = _challenger_name(former.digest) if former.digest else "former"
    return replace(former, name=name if name != serving.name else f"{name}x")
