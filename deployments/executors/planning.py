"""The first step: look at what runs now, and ask whether the cluster would take the change."""

from collections.abc import Sequence

from deployments.clients.serving import ServingCluster
from deployments.executors.applying import marks_of
from deployments.executors.placement import Before, Placement
from deployments.executors.work import Work
from deployments.models import StepVerb


def begin(work: Work) -> None:
    """Begin to plan: what is refused from here on is refused by the plan."""
    step = work.step(StepVerb.PLAN)
    if step.is_open:
        work.begin(step)


def plan(work: Work, cluster: ServingCluster, placements: Sequence[Placement]) -> None:
    """Remember what runs, and let the cluster check everything before anything is changed.

    What runs is remembered once: a worker that goes on later would already see its own change.
    """
    step = work.step(StepVerb.PLAN)
    if not step.is_open:
        return
    before: dict[str, Before] = {}
    for placement in placements:
        work.keep()
        before[placement.name] = placement.look(cluster)
    for placement in placements:
        work.keep()
        placement.make(cluster, before[placement.name], marks_of(work), dry_run=True)
    work.done(step, _sentence(placements, before), keep_in_mind={"before": before})


def before_of(work: Work) -> dict[str, Before]:
    """Return what the plan remembers, by workload; empty when it was never finished."""
    remembered: dict[str, Before] = work.step(StepVerb.PLAN).record.get("before", {})
    return remembered


def _sentence(placements: Sequence[Placement], before: dict[str, Before]) -> str:
    created = [each.name for each in placements if not before[each.name]["exists"]]
    sentence = "The cluster would take the change."
    if created:
        sentence += f" It will create {', '.join(created)}, which is not there yet."
    return sentence
