"""Tell the cluster what to run."""

from typing import Any

from deployments.audit_events import DeploymentEvent
from deployments.clients.cluster import (
    ANNOTATION_CHANGE_REQUEST,
    ANNOTATION_DIGEST,
    ANNOTATION_RELEASE,
    Cluster,
)
from deployments.executors.placements import Placement
from deployments.executors.work import Work
from deployments.models import StepVerb

OUR_ANNOTATIONS = (ANNOTATION_CHANGE_REQUEST, ANNOTATION_RELEASE, ANNOTATION_DIGEST)


def apply(work: Work, cluster: Cluster, placements: list[Placement]) -> None:
    """Apply to every workload. The same apply again changes nothing, so a second worker may repeat it."""
    by_name = {placement.name: placement for placement in placements}
    before = work.step(StepVerb.PLAN).record["before"]
    for step in work.open(StepVerb.APPLY):
        placement = by_name[step.workload]
        work.begin(step)
        make(cluster, placement, work, before[placement.name])
        work.done(
            step,
            f"{placement.name} was told to run {placement.words}.",
            event=DeploymentEvent.APPLIED,
            workload=str(placement.workload),
            images=placement.words,
        )


def make(
    cluster: Cluster,
    placement: Placement,
    work: Work,
    before: dict[str, Any],
    *,
    dry_run: bool = False,
) -> None:
    """Make the placement's images what the workload should run, or let the cluster try it."""
    if not dry_run:
        work.confirm()
    release = work.change_request.release
    cluster.apply(
        placement.workload,
        placement.images,
        annotations={
            ANNOTATION_CHANGE_REQUEST: work.change_request.label,
            ANNOTATION_RELEASE: release.version,
            ANNOTATION_DIGEST: release.content_digest,
        },
        template=None if before["exists"] else {"replicas": placement.replicas},
        dry_run=dry_run,
        force=placement.adopt,
    )
