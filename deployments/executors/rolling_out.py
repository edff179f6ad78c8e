"""Watch the cluster do it."""

from collections.abc import Sequence

from deployments.audit_events import DeploymentEvent
from deployments.clients.cluster import RolloutStatus
from deployments.clients.serving import ServingCluster
from deployments.executors.applying import marks_of
from deployments.executors.pace import look_for, patience
from deployments.executors.placement import Before, Placement
from deployments.executors.planning import before_of
from deployments.executors.port import DefiniteNo
from deployments.executors.work import Work
from deployments.models import DeploymentStep, StepVerb


def roll_out(work: Work, cluster: ServingCluster, placements: Sequence[Placement]) -> None:
    """Wait until every workload's new pods are ready.

    Raises:
        DefiniteNo: the cluster says that it will not come to that, or it took too long.
    """
    by_name = {placement.name: placement for placement in placements}
    before = before_of(work)
    for step in work.open(StepVerb.ROLL_OUT):
        placement = by_name[step.workload]
        work.begin(step)
        status = _watch(work, cluster, step, placement, before[placement.name])
        work.done(
            step,
            status.reason,
            event=DeploymentEvent.ROLLED_OUT,
            workload=str(placement.workload),
        )


def _watch(
    work: Work, cluster: ServingCluster, step: DeploymentStep, placement: Placement, before: Before
) -> RolloutStatus:
    since = ""
    while True:
        status = placement.watch(
            cluster,
            before,
            marks_of(work),
            since=since,
            seconds=look_for(),
            patience=patience(),
        )
        if status.done:
            return status
        refuse_failed(work, placement, status)
        work.say(step, status.reason)
        since = status.resource_version


def refuse_failed(work: Work, placement: Placement, status: RolloutStatus) -> None:
    """Raise DefiniteNo when the cluster gave up, or when the target's time is over."""
    if status.failed:
        raise DefiniteNo(status.reason)
    if work.out_of_time:
        raise DefiniteNo(
            f"{placement.workload} was not rolled out within {work.target.timeout_seconds} seconds, "
            f"which the target allows. The cluster's last word: {status.reason}"
        )
