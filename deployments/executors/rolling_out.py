"""Watch the cluster do it."""

from datetime import timedelta

from django.conf import settings

from deployments.audit_events import DeploymentEvent
from deployments.clients.cluster import Cluster, RolloutStatus, Workload
from deployments.executors.placements import Placement
from deployments.executors.port import DefiniteNo
from deployments.executors.work import Work
from deployments.models import DeploymentStep, StepVerb

LONGEST_LOOK = 2.0
"""Seconds that one look may be held open: a page is never further behind than that."""


def roll_out(work: Work, cluster: Cluster, placements: list[Placement]) -> None:
    """Wait until every workload's new pods are ready.

    Raises:
        DefiniteNo: the cluster says that it will not come to that, or it took too long.
    """
    by_name = {placement.name: placement for placement in placements}
    for step in work.open(StepVerb.ROLL_OUT):
        placement = by_name[step.workload]
        work.begin(step)
        status = _watch(work, cluster, step, placement.workload)
        work.done(
            step,
            status.reason,
            event=DeploymentEvent.ROLLED_OUT,
            workload=str(placement.workload),
        )


def look_for() -> float:
    """Return for how long one look may hold: short enough for the lease to be renewed in time."""
    return min(LONGEST_LOOK, settings.CARRY_OUT_LEASE_SECONDS / 3)


def patience() -> timedelta:
    """Return for how long a new pod may be unable to start before its rollout counts as failed."""
    return timedelta(seconds=settings.CARRY_OUT_PATIENCE_SECONDS)


def _watch(work: Work, cluster: Cluster, step: DeploymentStep, workload: Workload) -> RolloutStatus:
    status = cluster.rollout(workload, patience=patience())
    while not status.done:
        if status.failed:
            raise DefiniteNo(status.reason)
        if work.out_of_time:
            raise DefiniteNo(
                f"{workload} was not rolled out within {work.target.timeout_seconds} seconds, which "
                f"the target allows. The cluster's last word: {status.reason}"
            )
        work.say(step, status.reason)
        status = cluster.wait(
            workload, since=status.resource_version, seconds=look_for(), patience=patience()
        )
    return status
