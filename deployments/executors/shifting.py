"""Let a new model take over the traffic part by part, and then alone."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from deployments.audit_events import DeploymentEvent
from deployments.clients.cluster import RolloutStatus
from deployments.clients.serving import ServingCluster
from deployments.executors.applying import marks_of
from deployments.executors.models import ModelPlacement
from deployments.executors.pace import look_for, patience
from deployments.executors.placement import Before, Placement
from deployments.executors.planning import before_of
from deployments.executors.rolling_out import refuse_failed
from deployments.executors.work import Work
from deployments.models import DeploymentStep, StepVerb

ALONE = "Nothing is beside it: it serves all requests already."
_SINCE = "since"
"""In a step's record: from when on the new model has had its part, without a break."""
_SEEN = "seen"
"""Until when somebody watched that it had; written as often as a lease is renewed."""


def shift(work: Work, cluster: ServingCluster, placements: Sequence[Placement]) -> None:
    """Give every new model its parts of the traffic; all of it only when every part has gone well.

    Raises:
        DefiniteNo: the cluster says that the model fails, or it took too long.
    """
    models = {each.name: each for each in placements if isinstance(each, ModelPlacement)}
    before = before_of(work)
    for verb, deed in ((StepVerb.SHIFT, _one_part), (StepVerb.PROMOTE, _promote)):
        for step in work.open(verb):
            model = models[step.workload]
            work.begin(step)
            if model.is_tried_beside(before[model.name]):
                deed(work, cluster, step, model, before[model.name])
            else:
                work.done(step, ALONE)


def _one_part(
    work: Work, cluster: ServingCluster, step: DeploymentStep, model: ModelPlacement, before: Before
) -> None:
    percent, marks = int(step.record["percent"]), marks_of(work)
    work.confirm()
    model.shift(cluster, before, marks, percent)
    since = ""
    while True:
        status = model.watch(
            cluster, before, marks, since=since, seconds=look_for(), patience=patience()
        )
        serves = status.done and model.gets(cluster, before, marks) == percent
        _note_since_when(work, step, serves=serves)
        if serves and _is_held(step, model):
            break
        refuse_failed(work, model, status)
        work.say(step, _sentence(status, percent, model.hold))
        since = status.resource_version
    work.done(
        step,
        f"The new model answered {percent} % of the requests for {_seconds(model.hold)}.",
        event=DeploymentEvent.SHIFTED,
        workload=str(model.workload),
        percent=percent,
    )


def _note_since_when(work: Work, step: DeploymentStep, *, serves: bool) -> None:
    """Remember when the part was reached, and forget it when the model falters: the hold begins anew.

    So it does after a time in which nobody watched, such as that between a worker that died and the next one,
    or one in which the cluster gave no answer: nobody can tell how the model served then.
    """
    since, lease = step.record.get(_SINCE), timedelta(seconds=settings.CARRY_OUT_LEASE_SECONDS)
    unwatched = _unwatched(step)
    now = timezone.now().isoformat()
    if not serves:
        if since is not None:
            work.remember(step, **{_SINCE: None})
    elif since is None or unwatched > lease:
        work.remember(step, **{_SINCE: now, _SEEN: now})
    elif unwatched > lease / 3:
        work.remember(step, **{_SEEN: now})


def _unwatched(step: DeploymentStep) -> timedelta:
    """Return how long ago the last look was that somebody wrote down."""
    seen = step.record.get(_SEEN)
    return timezone.now() - datetime.fromisoformat(seen) if seen else timedelta.max


def _is_held(step: DeploymentStep, model: ModelPlacement) -> bool:
    """Return whether this part was held long enough, by whichever workers."""
    return timezone.now() >= datetime.fromisoformat(step.record[_SINCE]) + model.hold


def _sentence(status: RolloutStatus, percent: int, hold: timedelta) -> str:
    if not status.done:
        return status.reason
    return f"{percent} % of the requests go to the new model, for {_seconds(hold)}."


def _seconds(hold: timedelta) -> str:
    return f"{int(hold.total_seconds())} seconds"


def _promote(
    work: Work, cluster: ServingCluster, step: DeploymentStep, model: ModelPlacement, before: Before
) -> None:
    marks, since = marks_of(work), ""
    work.confirm()
    model.promote(cluster, before, marks)
    while True:
        status = model.watch_promoted(
            cluster, before, marks, since=since, seconds=look_for(), patience=patience()
        )
        if status.done:
            break
        refuse_failed(work, model, status)
        work.say(step, status.reason)
        since = status.resource_version
    work.done(
        step,
        status.reason,
        event=DeploymentEvent.PROMOTED,
        workload=str(model.workload),
        images=model.words,
    )
