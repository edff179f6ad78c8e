"""Let what ran before run on, after a definite no."""

import time

from deployments.audit_events import DeploymentEvent
from deployments.clients.cluster import Cluster, ClusterRefused, RolloutPhase
from deployments.executors.applying import OUR_ANNOTATIONS
from deployments.executors.placements import Placement
from deployments.executors.planning import Before, before_of
from deployments.executors.rolling_out import look_for
from deployments.executors.work import Work
from deployments.models import DeploymentStep, StepVerb

PATIENCE = 60
"""Seconds in which the workload may settle; the deployment has failed either way."""


def put_back(work: Work, cluster: Cluster, placements: list[Placement]) -> list[str]:
    """Put every workload back that was applied to, and say which could not be."""
    by_name = {placement.name: placement for placement in placements}
    before = before_of(work)
    refusals = []
    for step in work.open(StepVerb.PUT_BACK):
        placement = by_name[step.workload]
        work.begin(step)
        try:
            words = _restore(work, cluster, placement, before[placement.name])
            outlook = _settle(work, cluster, step, placement)
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


def _restore(work: Work, cluster: Cluster, placement: Placement, before: Before) -> str:
    """Apply the images that were there before, or no pods where there was no workload."""
    images = {container: before["images"].get(container) for container in placement.images}
    work.confirm()
    cluster.apply(
        placement.workload,
        placement.images if not before["exists"] else images,
        annotations={
            name: value for name, value in before["annotations"].items() if name in OUR_ANNOTATIONS
        },
        # It was created for this deployment and never ran well: it stays to be looked at, without pods.
        template=None if before["exists"] else {"replicas": 0},
        force=placement.adopt,
        restore=True,
    )
    return ", ".join(sorted(images.values())) if before["exists"] else "no pods, as before"


def _settle(work: Work, cluster: Cluster, step: DeploymentStep, placement: Placement) -> str:
    patient_until = time.monotonic() + PATIENCE
    status = cluster.rollout(placement.workload)
    while status.phase is RolloutPhase.PROGRESSING and time.monotonic() < patient_until:
        work.say(step, status.reason)
        status = cluster.wait(placement.workload, since=status.resource_version, seconds=look_for())
    return status.reason
