"""The first step: look at what runs now, and ask whether the cluster would take the change."""

from typing import Any

from deployments.clients.cluster import FIELD_MANAGER, LABEL_MANAGED_BY, Cluster, WorkloadState
from deployments.executors.applying import make
from deployments.executors.placements import Placement
from deployments.executors.port import DefiniteNo
from deployments.executors.work import Work
from deployments.models import StepVerb

Before = dict[str, Any]
"""A workload as it was before: ``{"exists": …, "images": {…}, "annotations": {…}}``."""


def plan(work: Work, cluster: Cluster, placements: list[Placement]) -> None:
    """Remember what runs, and let the cluster check everything before anything is changed.

    What runs is remembered once: a worker that goes on later would already see its own change.
    """
    step = work.step(StepVerb.PLAN)
    if not step.is_open:
        return
    work.begin(step)
    before: dict[str, Before] = {}
    for placement in placements:
        work.keep()
        state = cluster.current(placement.workload)
        _refuse_unknown_containers(placement, state)
        before[placement.name] = {
            "exists": _is_to_be_kept(state),
            "images": dict(state.images),
            "annotations": dict(state.annotations),
        }
    for placement in placements:
        work.keep()
        make(cluster, placement, work, before[placement.name], dry_run=True)
    work.done(step, _sentence(placements, before), keep_in_mind={"before": before})


def before_of(work: Work) -> dict[str, Before]:
    """Return what the plan remembers, by workload; empty when it was never finished."""
    remembered: dict[str, Before] = work.step(StepVerb.PLAN).record.get("before", {})
    return remembered


def _is_to_be_kept(state: WorkloadState) -> bool:
    """Return whether there is something that could be put back.

    A workload of ours without pods is what a failed first deployment left: it is made anew.
    """
    left_over = state.replicas == 0 and state.labels.get(LABEL_MANAGED_BY) == FIELD_MANAGER
    return state.exists and not left_over


def _refuse_unknown_containers(placement: Placement, state: WorkloadState) -> None:
    unknown = sorted(set(placement.images) - set(state.images)) if state.exists else []
    if unknown:
        raise DefiniteNo(
            f"{placement.workload} has no container {', '.join(unknown)}; it has "
            f"{', '.join(sorted(state.images))}. Bind the artifact to one of these."
        )


def _sentence(placements: list[Placement], before: dict[str, Before]) -> str:
    created = [each.name for each in placements if not before[each.name]["exists"]]
    sentence = "The cluster would take the change."
    if created:
        sentence += f" It will create {', '.join(created)}, which is not there yet."
    return sentence
