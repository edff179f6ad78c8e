"""Tell the cluster what to run."""

from collections.abc import Sequence

from deployments.audit_events import DeploymentEvent
from deployments.clients.cluster import (
    ANNOTATION_CHANGE_REQUEST,
    ANNOTATION_DIGEST,
    ANNOTATION_RELEASE,
    ClusterRefused,
)
from deployments.clients.serving import ServingCluster
from deployments.executors.placement import Marks, Placement
from deployments.executors.work import Work
from deployments.models import StepVerb


def apply(work: Work, cluster: ServingCluster, placements: Sequence[Placement]) -> None:
    """Apply to every workload. The same apply again changes nothing, so a second worker may repeat it."""
    by_name = {placement.name: placement for placement in placements}
    before = work.step(StepVerb.PLAN).record["before"]
    for step in work.open(StepVerb.APPLY):
        placement = by_name[step.workload]
        is_first = step.started_at is None
        work.begin(step)
        work.confirm()
        try:
            placement.make(cluster, before[placement.name], marks_of(work))
        except ClusterRefused as refusal:
            if is_first:  # else an earlier call may have arrived, and is put back
                work.failed(step, refusal.sentence)
            raise
        work.done(
            step,
            f"{placement.name} was told to run {placement.words}.",
            event=DeploymentEvent.APPLIED,
            workload=str(placement.workload),
            images=placement.words,
        )


def marks_of(work: Work) -> Marks:
    """Return what we write on a workload, so that it says by which change request it runs."""
    release = work.change_request.release
    return {
        ANNOTATION_CHANGE_REQUEST: work.change_request.label,
        ANNOTATION_RELEASE: release.version,
        ANNOTATION_DIGEST: release.content_digest,
    }
