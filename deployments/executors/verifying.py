"""Compare by digest what runs with what was approved, pod by pod."""

import time

from deployments.audit_events import DeploymentEvent
from deployments.clients.cluster import Cluster, RunningContainer
from deployments.executors.placements import Placement
from deployments.executors.port import DefiniteNo, NoAnswer
from deployments.executors.work import Work
from deployments.models import DeploymentStep, StepVerb

PATIENCE = 30
"""Seconds in which the last old pods may go and the nodes may report what the new ones run."""

PAUSE = 0.5


def verify(work: Work, cluster: Cluster, placements: list[Placement]) -> None:
    """Hold every running pod of every workload against the approved digests.

    Raises:
        DefiniteNo: a pod runs something else, or none runs.
        NoAnswer: the nodes do not say what they run.
    """
    by_name = {placement.name: placement for placement in placements}
    for step in work.open(StepVerb.VERIFY):
        placement = by_name[step.workload]
        work.begin(step)
        pods = _wait_until_all_agree(work, cluster, step, placement)
        work.done(
            step,
            f"{pods} {'pod runs' if pods == 1 else 'pods run'} what was approved: {placement.words}.",
            event=DeploymentEvent.VERIFIED,
            workload=str(placement.workload),
            images=placement.words,
            pods=pods,
        )


def summary(placements: list[Placement]) -> str:
    """Return what was verified, for people."""
    return "; ".join(f"{placement.name} runs {placement.words}" for placement in placements)


def _wait_until_all_agree(
    work: Work, cluster: Cluster, step: DeploymentStep, placement: Placement
) -> int:
    patient_until = time.monotonic() + PATIENCE
    while True:
        containers = _bound(cluster, placement)
        if not containers:
            raise DefiniteNo(
                f"No pod of {placement.workload} runs, so nothing can be compared with what was "
                "approved. Scale it to at least one replica."
            )
        _refuse_others(placement, [each for each in containers if each.new])
        leaving = [each for each in containers if not each.new]
        silent = [each for each in containers if each.new and each.digest is None]
        if not leaving and not silent:
            return len({each.pod for each in containers})
        if time.monotonic() > patient_until:
            _refuse_others(placement, leaving)
            raise NoAnswer(f"The cluster does not say which image {_pods(silent)} run.")
        work.say(step, f"Waiting for {_pods(leaving or silent)}.")
        time.sleep(PAUSE)


def _bound(cluster: Cluster, placement: Placement) -> list[RunningContainer]:
    running = cluster.running_digests(placement.workload)
    return [
        each
        for each in running.containers
        if each.container in placement.digests and not each.terminating
    ]


def _refuse_others(placement: Placement, containers: list[RunningContainer]) -> None:
    for each in containers:
        approved = placement.digests[each.container]
        if each.digest is not None and each.digest != approved:
            raise DefiniteNo(
                f"The pod {each.pod} runs {each.digest} in its container {each.container}, but "
                f"{approved} was approved."
            )


def _pods(containers: list[RunningContainer]) -> str:
    return ", ".join(sorted({each.pod for each in containers}))
