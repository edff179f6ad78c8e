"""Images in the containers of a workload: applied by digest, compared pod by pod."""

import time
from dataclasses import dataclass
from datetime import timedelta

from deployments.clients.cluster import (
    ANNOTATION_CHANGE_REQUEST,
    ANNOTATION_DIGEST,
    ANNOTATION_RELEASE,
    FIELD_MANAGER,
    LABEL_MANAGED_BY,
    ClusterRefused,
    RolloutStatus,
    RunningContainer,
    Workload,
    WorkloadState,
)
from deployments.clients.serving import ServingCluster
from deployments.executors.pace import PATIENCE_VERIFY, PAUSE, look_for, may_settle
from deployments.executors.placement import Before, Marks
from deployments.executors.port import DefiniteNo, NoAnswer
from deployments.executors.work import Work
from deployments.models import DeploymentStep

OUR_ANNOTATIONS = (ANNOTATION_CHANGE_REQUEST, ANNOTATION_RELEASE, ANNOTATION_DIGEST)


@dataclass(frozen=True)
class ImagePlacement:
    """What the containers of one workload shall run."""

    workload: Workload
    images: dict[str, str]
    """Image reference with digest, by container."""
    digests: dict[str, str]
    """The approved digest, by container."""
    replicas: int
    """Only used when the workload does not exist yet."""
    adopt: bool
    """Whether the images may be taken from another field manager."""
    artifacts: list[str]

    @property
    def name(self) -> str:
        """The workload's name."""
        return self.workload.name

    @property
    def words(self) -> str:
        """The images as people read them."""
        return ", ".join(sorted(self.images.values()))

    def look(self, cluster: ServingCluster) -> Before:
        """Read which images run in which containers."""
        state = cluster.current(self.workload)
        self._refuse_unknown_containers(state)
        return {
            "exists": _is_to_be_kept(state),
            "images": dict(state.images),
            "annotations": dict(state.annotations),
        }

    def _refuse_unknown_containers(self, state: WorkloadState) -> None:
        unknown = sorted(set(self.images) - set(state.images)) if state.exists else []
        if unknown:
            raise DefiniteNo(
                f"{self.workload} has no container {', '.join(unknown)}; it has "
                f"{', '.join(sorted(state.images))}. Bind the artifact to one of these."
            )

    def make(
        self, cluster: ServingCluster, before: Before, marks: Marks, *, dry_run: bool = False
    ) -> None:
        """Apply the images by digest."""
        cluster.apply(
            self.workload,
            self.images,
            annotations=marks,
            template=None if before["exists"] else {"replicas": self.replicas},
            dry_run=dry_run,
            force=self.adopt,
        )

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
        """Look whether the new pods are ready."""
        if not since:
            return cluster.rollout(self.workload, patience=patience)
        return cluster.wait(self.workload, since=since, seconds=seconds, patience=patience)

    # ── comparing ────────────────────────────────────────────────────────────────────────────────

    def compare(self, work: Work, cluster: ServingCluster, step: DeploymentStep) -> int:
        """Hold the digest that each running pod reports against the approved one."""
        patient_until = time.monotonic() + PATIENCE_VERIFY
        while True:
            containers = self._bound(cluster)
            if not containers:
                raise DefiniteNo(
                    f"No pod of {self.workload} runs, so nothing can be compared with what was "
                    "approved. Scale it to at least one replica."
                )
            self._refuse_others([each for each in containers if each.new])
            leaving = [each for each in containers if not each.new]
            silent = [each for each in containers if each.new and each.digest is None]
            if not leaving and not silent:
                return len({each.pod for each in containers})
            if time.monotonic() > patient_until:
                self._refuse_others(leaving)
                raise NoAnswer(f"The cluster does not say which image {_pods(silent)} run.")
            work.say(step, f"Waiting for {_pods(leaving or silent)}.")
            time.sleep(PAUSE)

    def _bound(self, cluster: ServingCluster) -> list[RunningContainer]:
        running = cluster.running_digests(self.workload)
        return [
            each
            for each in running.containers
            if each.container in self.digests and not each.terminating
        ]

    def _refuse_others(self, containers: list[RunningContainer]) -> None:
        for each in containers:
            approved = self.digests[each.container]
            if each.digest is not None and each.digest != approved:
                raise DefiniteNo(
                    f"The pod {each.pod} runs {each.digest} in its container {each.container}, but "
                    f"{approved} was approved."
                )

    # ── putting back ─────────────────────────────────────────────────────────────────────────────

    def restore(
        self, work: Work, cluster: ServingCluster, step: DeploymentStep, before: Before
    ) -> tuple[str, str]:
        """Apply the images that were there before, or no pods where there was no workload.

        Raises:
            ClusterRefused: it does not take them, or they do not come up.
        """
        if not before["exists"] and not cluster.current(self.workload).exists:
            return "no pods, as before", "It was never made."
        images = {container: before["images"].get(container) for container in self.images}
        work.confirm()
        cluster.apply(
            self.workload,
            self.images if not before["exists"] else images,
            annotations={
                name: value
                for name, value in before["annotations"].items()
                if name in OUR_ANNOTATIONS
            },
            # It was created for this deployment and never ran well: it stays to be looked at, without pods.
            template=None if before["exists"] else {"replicas": 0},
            force=self.adopt,
            restore=True,
        )
        words = ", ".join(sorted(images.values())) if before["exists"] else "no pods, as before"
        return words, self._settle(work, cluster, step)

    def _settle(self, work: Work, cluster: ServingCluster, step: DeploymentStep) -> str:
        began = time.monotonic()
        status = cluster.rollout(self.workload)
        while may_settle(status, began=began):
            work.say(step, status.reason)
            status = cluster.wait(self.workload, since=status.resource_version, seconds=look_for())
        if status.failed:
            raise ClusterRefused(status.reason)
        return status.reason


def _is_to_be_kept(state: WorkloadState) -> bool:
    """Return whether there is something that could be put back.

    A workload of ours without pods is what a failed first deployment left: it is made anew.
    """
    left_over = state.replicas == 0 and state.labels.get(LABEL_MANAGED_BY) == FIELD_MANAGER
    return state.exists and not left_over


def _pods(containers: list[RunningContainer]) -> str:
    return ", ".join(sorted({each.pod for each in containers}))
