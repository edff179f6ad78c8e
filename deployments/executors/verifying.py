"""Compare by digest what runs with what was approved, pod by pod."""

from collections.abc import Sequence

from deployments.audit_events import DeploymentEvent
from deployments.clients.serving import ServingCluster
from deployments.executors.placement import Placement
from deployments.executors.work import Work
from deployments.models import StepVerb


def verify(work: Work, cluster: ServingCluster, placements: Sequence[Placement]) -> None:
    """Hold every running pod of every workload against the approved digests.

    Raises:
        DefiniteNo: a pod runs something else, or none runs.
        NoAnswer: the nodes do not say what they run.
    """
    by_name = {placement.name: placement for placement in placements}
    for step in work.open(StepVerb.VERIFY):
        placement = by_name[step.workload]
        work.begin(step)
        pods = placement.compare(work, cluster, step)
        work.done(
            step,
            f"{pods} {'pod runs' if pods == 1 else 'pods run'} what was approved: {placement.words}.",
            event=DeploymentEvent.VERIFIED,
            workload=str(placement.workload),
            images=placement.words,
            pods=pods,
        )


def summary(placements: Sequence[Placement]) -> str:
    """Return what was verified, for people."""
    return "; ".join(f"{placement.name} runs {placement.words}" for placement in placements)
