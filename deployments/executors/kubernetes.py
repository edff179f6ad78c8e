"""Kubernetes: server-side apply, watch the rollout, compare what runs by digest."""

from collections.abc import Iterator
from contextlib import contextmanager

from deployments.clients.cluster import ClusterRefused, ClusterUnavailable
from deployments.executors import applying, planning, putting_back, rolling_out, verifying
from deployments.executors.clusters import cluster_of
from deployments.executors.placements import Placement, placements_of
from deployments.executors.port import DefiniteNo, Done, NoAnswer, PlannedStep, Waits
from deployments.executors.work import Work
from deployments.models import StepVerb, Target
from releases.models import ChangeRequest

_PER_WORKLOAD = {
    StepVerb.APPLY: "Apply the approved images to {}",
    StepVerb.ROLL_OUT: "Roll out {}",
    StepVerb.VERIFY: "Compare what {} runs with what was approved",
}


class KubernetesExecutor:
    """Carries out on a cluster."""

    def steps(self, change_request: ChangeRequest, target: Target) -> list[PlannedStep]:
        """Plan, then apply all, roll out all, verify all."""
        plan = PlannedStep(StepVerb.PLAN, "Look at what runs and try the change without effect")
        try:
            placements = placements_of(change_request.release, target)
        except DefiniteNo:
            return [plan]  # which will say so
        return [
            plan,
            *(
                PlannedStep(verb, title.format(placement.name), placement.name)
                for verb, title in _PER_WORKLOAD.items()
                for placement in placements
            ),
        ]

    def advance(self, work: Work) -> Done | Waits:
        """Do what is not done yet."""
        with _in_words_of_the_port():
            placements = self._placements(work)
            cluster = cluster_of(work.target)
            planning.plan(work, cluster, placements)
            applying.apply(work, cluster, placements)
            rolling_out.roll_out(work, cluster, placements)
            work.everything_is_rolled_out()
            verifying.verify(work, cluster, placements)
        return Done(verifying.summary(placements))

    def put_back(self, work: Work) -> list[str]:
        """Apply the images that ran before to every workload that was applied to."""
        with _in_words_of_the_port():
            return putting_back.put_back(work, cluster_of(work.target), self._placements(work))

    @staticmethod
    def _placements(work: Work) -> list[Placement]:
        return placements_of(work.change_request.release, work.target)


@contextmanager
def _in_words_of_the_port() -> Iterator[None]:
    try:
        yield
    except ClusterUnavailable as silence:
        raise NoAnswer(silence.sentence) from silence
    except ClusterRefused as refusal:
        raise DefiniteNo(refusal.sentence) from refusal
