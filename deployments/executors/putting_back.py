"""Let what ran before run on, after a definite no."""

from collections.abc import Sequence

from deployments.audit_events import DeploymentEvent
from deployments.clients.cluster import ClusterRefused
from deployments.clients.serving import ServingCluster
from deployments.executors.placement import Placement
from deployments.executors.planning import before_of
from deployments.executors.work import Work
from deployments.models import StepVerb


def put_back(work: Work, cluster: ServingCluster, placements: Sequence[Placement]) -> list[str]:
    """Put every workload back that was applied to, and say which could not be."""
    by_name = {placement.name: placement for placement in placements}
    before = before_of(work)
    refusals = []
    for step in work.open(StepVerb.PUT_BACK):
        placement = by_name[step.workload]
        work.begin(step)
        try:
            words, outlook = placement.restore(work, cluster, step, before[placement.name])
        except ClusterRefused as refusal:
            sentence = f"{placement.name} could not be put back: {refusal.sentence}"
            work.failed(step, sentence)
            refusals.append(sentence)
        else:
            work.done(
                step,
                f"{placement.name} was put back to {words}. {outlook}",
                event=DeploymentEvent.PUT_BACK,
                workload=str(placement.workload),
                images=words,
            )
    return refusals
