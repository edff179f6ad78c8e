"""How a rollout is doing, judged as ``kubectl rollout status`` does, with the reasons of its pods."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from deployments.clients.cluster import PodProblem, RolloutPhase, RolloutStatus
from deployments.clients.reading import condition, moment

Object = dict[str, Any]

NEVER_STARTS = frozenset({"InvalidImageName", "ErrImageNeverPull"})
"""Waiting reasons that no patience cures."""
CANNOT_START = frozenset(
    {
        "CrashLoopBackOff",
        "CreateContainerConfigError",
        "CreateContainerError",
        "ErrImagePull",
        "ImageInspectError",
        "ImagePullBackOff",
        "RunContainerError",
        *NEVER_STARTS,
    }
)
_CONTAINERS = ("initContainerStatuses", "containerStatuses")
_MOST_WARNINGS = 5


def status_of(live: Object) -> RolloutStatus:
    """Read a Deployment by itself: the numbers, and whether it is done."""
    metadata, spec, status = live["metadata"], live["spec"], live.get("status") or {}
    numbers = RolloutStatus(
        phase=RolloutPhase.PROGRESSING,
        reason="",
        desired=spec.get("replicas", 1),
        updated=status.get("updatedReplicas", 0),
        ready=status.get("readyReplicas", 0),
        available=status.get("availableReplicas", 0),
        total=status.get("replicas", 0),
        generation=metadata.get("generation", 0),
        observed_generation=status.get("observedGeneration", 0),
        resource_version=metadata.get("resourceVersion", ""),
    )
    waits_for = _waits_for(numbers, paused=bool(spec.get("paused")))
    if waits_for:
        return replace(numbers, reason=waits_for)
    reason = f"{numbers.available} of {numbers.desired} pods run the new version."
    return replace(numbers, phase=RolloutPhase.DONE, reason=reason)


def _waits_for(seen: RolloutStatus, *, paused: bool) -> str:
    """Say what is still missing; nothing if the rollout is done."""
    if seen.observed_generation < seen.generation:
        return "The cluster has not begun with the new version yet."
    if paused and seen.updated < seen.desired:
        return "The rollout is paused in the cluster; somebody has to resume it there."
    if seen.updated < seen.desired:
        return f"{seen.updated} of {seen.desired} pods are replaced."
    if seen.total > seen.updated:
        return f"{seen.total - seen.updated} pods of the version before are still there."
    if seen.available < seen.updated:
        return f"{seen.available} of {seen.updated} new pods are available."
    return ""


def with_reasons(
    seen: RolloutStatus,
    live: Object,
    problems: tuple[PodProblem, ...],
    *,
    at: datetime,
    patience: timedelta,
) -> RolloutStatus:
    """Judge an unfinished rollout by its new pods: still under way, or failed and why."""
    if seen.observed_generation < seen.generation:
        return seen
    seen = replace(seen, problems=problems)
    progressing = condition(live, "Progressing")
    if progressing.get("reason") == "ProgressDeadlineExceeded":
        told = sentence_of(problems[0]) if problems else progressing.get("message", "")
        reason = f"The cluster gave up waiting (ProgressDeadlineExceeded). {told}"
        return replace(seen, phase=RolloutPhase.FAILED, reason=reason)
    for problem in problems:
        if _is_hopeless(problem, at, patience):
            return replace(seen, phase=RolloutPhase.FAILED, reason=sentence_of(problem))
    if problems:
        return replace(seen, reason=f"{seen.reason} {sentence_of(problems[0])}")
    refused = condition(live, "ReplicaFailure")
    if refused.get("status") == "True":
        told = f"The cluster cannot create its pods: {refused.get('message', '')}"
        return replace(seen, reason=told)
    return seen


def _is_hopeless(problem: PodProblem, at: datetime, patience: timedelta) -> bool:
    if problem.reason in NEVER_STARTS:
        return True
    is_late = problem.since is not None and problem.since + patience <= at
    return problem.reason in CANNOT_START and is_late


def problems_of(pods: Iterable[Object]) -> tuple[PodProblem, ...]:
    """List why containers of pods do not run, the gravest first."""
    found = [
        problem
        for pod in pods
        if "deletionTimestamp" not in pod["metadata"]
        for problem in _pod_problems(pod)
    ]
    return tuple(sorted(found, key=lambda each: each.reason not in CANNOT_START))


def _pod_problems(pod: Object) -> Iterable[PodProblem]:
    name, since = pod["metadata"]["name"], moment(pod["metadata"].get("creationTimestamp"))
    scheduled = condition(pod, "PodScheduled")
    if scheduled.get("status") == "False":
        reason, message = scheduled.get("reason", ""), scheduled.get("message", "")
        yield PodProblem(name, "", reason or "Unschedulable", message, since=since)
    for kind in _CONTAINERS:
        for container in (pod.get("status") or {}).get(kind) or []:
            problem = _container_problem(name, container)
            if problem is not None:
                yield replace(problem, since=since)


def _container_problem(pod: str, container: Object) -> PodProblem | None:
    state = container.get("state") or {}
    waiting = state.get("waiting") or {}
    ended = state.get("terminated") or (container.get("lastState") or {}).get("terminated") or {}
    restarts = container.get("restartCount", 0)
    reason = waiting.get("reason", "")
    message = waiting.get("message", "")
    exit_code = ended.get("exitCode")
    if reason in {"", "ContainerCreating", "PodInitializing"}:
        if not exit_code or container.get("ready"):
            return None
        reason, message = ended.get("reason") or "Error", ended.get("message", "")
    return PodProblem(pod, container["name"], reason, message, exit_code, restarts)


def sentence_of(problem: PodProblem) -> str:
    """Say a problem so that it may stand on a page."""
    if not problem.container:
        return f"Pod {problem.pod} finds no node: {problem.message or problem.reason}."
    told = f"Container {problem.container} of pod {problem.pod} does not run: {problem.reason}"
    if problem.exit_code is not None:
        told += f", it ended with exit code {problem.exit_code}"
        if problem.restarts:
            told += f" and was started again {problem.restarts} times"
    if problem.message:
        told += f" ({problem.message.rstrip('.')})"
    return told + "."


def warnings_of(events: Iterable[Object], about: Iterable[Object]) -> tuple[str, ...]:
    """Tell the latest warnings about some objects, newest first, each once."""
    uids = {each["metadata"]["uid"] for each in about}
    told = [each for each in events if each["involvedObject"].get("uid") in uids]
    told.sort(key=_when, reverse=True)
    sentences = [f"{each.get('reason', '')}: {each.get('message', '')}" for each in told]
    return tuple(dict.fromkeys(sentences))[:_MOST_WARNINGS]


def _when(event: Object) -> str:
    series = event.get("series") or {}
    seen = (
        series.get("lastObservedTime"),
        event.get("lastTimestamp"),
        event.get("eventTime"),
        event["metadata"].get("creationTimestamp"),
    )
    return next((str(each) for each in seen if each), "")
