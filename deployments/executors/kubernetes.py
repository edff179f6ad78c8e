"""Kubernetes: server-side apply, watch the rollout, compare what runs by digest."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from deployments.clients.cluster import ClusterRefused, ClusterUnavailable
from deployments.executors import applying, planning, putting_back, rolling_out, shifting, verifying
from deployments.executors.clusters import cluster_of
from deployments.executors.models import ModelPlacement
from deployments.executors.placement import Placement
from deployments.executors.placements import placements_of
from deployments.executors.port import DefiniteNo, Done, NoAnswer, PlannedStep, Waits
from deployments.executors.work import Work
from deployments.models import StepVerb, Target
from releases.models import ChangeKind, ChangeRequest


class KubernetesExecutor:
    """Carries out on a cluster."""

    def steps(self, change_request: ChangeRequest, target: Target) -> list[PlannedStep]:
        """Plan, then apply all, roll out all, let models take over the traffic, verify all.

        On the way back a model takes over at once: it served here before, and what serves now is the trouble.
        """
        plan = PlannedStep(StepVerb.PLAN, "Look at what runs and try the change without effect")
        try:
            placements = placements_of(change_request.release, target)
        except DefiniteNo:
            return [plan]  # which will say so
        in_parts = change_request.kind != ChangeKind.ROLLBACK
        return [plan, *_steps_of(placements, in_parts=in_parts)]

    def advance(self, work: Work) -> Done | Waits:
        """Do what is not done yet."""
        with _in_words_of_the_port():
            planning.begin(work)
            placements = self._placements(work)
            cluster = cluster_of(work.target)
            planning.plan(work, cluster, placements)
            applying.apply(work, cluster, placements)
            rolling_out.roll_out(work, cluster, placements)
            shifting.shift(work, cluster, placements)
            work.everything_is_rolled_out()
            verifying.verify(work, cluster, placements)
        return Done(verifying.summary(placements))

    def put_back(self, work: Work) -> list[str]:
        """Let every workload that was applied to run what it ran before."""
        if not work.open(StepVerb.PUT_BACK):
            return []  # nothing was applied, perhaps since the release does not fit the target at all
        with _in_words_of_the_port():
            return putting_back.put_back(work, cluster_of(work.target), self._placements(work))

    @staticmethod
    def _placements(work: Work) -> list[Placement]:
        return placements_of(work.change_request.release, work.target)


def _steps_of(placements: Sequence[Placement], *, in_parts: bool) -> Iterator[PlannedStep]:
    for each in placements:
        what = "model" if isinstance(each, ModelPlacement) else "images"
        yield PlannedStep(StepVerb.APPLY, f"Apply the approved {what} to {each.name}", each.name)
    for each in placements:
        yield PlannedStep(StepVerb.ROLL_OUT, f"Roll out {each.name}", each.name)
    models = [each for each in placements if isinstance(each, ModelPlacement) and each.percents]
    for each in models:
        for percent in each.percents if in_parts else ():
            title = f"Send {percent} % of the requests to the new model of {each.name}"
            yield PlannedStep(StepVerb.SHIFT, title, each.name, {"percent": percent})
    for each in models:
        yield PlannedStep(StepVerb.PROMOTE, f"Let the new model serve {each.name} alone", each.name)
    for each in placements:
        title = f"Compare what {each.name} runs with what was approved"
        yield PlannedStep(StepVerb.VERIFY, title, each.name, {"artifacts": each.artifacts})


@contextmanager
def _in_words_of_the_port() -> Iterator[None]:
    try:
        yield
    except ClusterUnavailable as silence:
        raise NoAnswer(silence.sentence) from silence
    except ClusterRefused as refusal:
        raise DefiniteNo(refusal.sentence) from refusal
