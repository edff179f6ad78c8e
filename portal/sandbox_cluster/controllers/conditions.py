"""The conditions of a Deployment: whether it is available, whether its rollout gets on."""

from datetime import UTC, datetime, timedelta
from typing import Any

from portal.sandbox_cluster.store import now

Object = dict[str, Any]

COMPLETE = "NewReplicaSetAvailable"
TIMED_OUT = "ProgressDeadlineExceeded"


def find(conditions: list[Object], kind: str) -> Object | None:
    return next((each for each in conditions if each["type"] == kind), None)


def put(conditions: list[Object], kind: str, status: str, reason: str, message: str) -> None:
    """Set a condition; the same status and reason again leaves its times alone."""
    known = find(conditions, kind)
    if known is not None and (known["status"], known["reason"]) == (status, reason):
        return
    _replace(conditions, kind, status, reason, message)


def renew(conditions: list[Object], kind: str, status: str, reason: str, message: str) -> None:
    """Set a condition and its ``lastUpdateTime``: something moved."""
    _replace(conditions, kind, status, reason, message)


def _replace(conditions: list[Object], kind: str, status: str, reason: str, message: str) -> None:
    known = find(conditions, kind)
    present = now()
    unchanged = known is not None and known["status"] == status
    since = known["lastTransitionTime"] if known is not None and unchanged else present
    conditions[:] = [each for each in conditions if each["type"] != kind]
    conditions.append(
        {
            "type": kind,
            "status": status,
            "lastUpdateTime": present,
            "lastTransitionTime": since,
            "reason": reason,
            "message": message,
        }
    )


def availability(conditions: list[Object], *, available: bool) -> None:
    if available:
        message = "Deployment has minimum availability."
        put(conditions, "Available", "True", "MinimumReplicasAvailable", message)
    else:
        message = "Deployment does not have minimum availability."
        put(conditions, "Available", "False", "MinimumReplicasUnavailable", message)


def progress(conditions: list[Object], before: Object, deployment: Object, counts: Object) -> None:
    """Judge a rollout as the real controller does: complete, getting on, or out of time."""
    known = find(conditions, "Progressing")
    settled = known is not None and known["reason"] == COMPLETE
    if settled and counts["replicas"] == counts["updatedReplicas"]:
        return
    name = counts["newReplicaSet"]
    if is_complete(deployment, counts):
        message = f'ReplicaSet "{name}" has successfully progressed.'
        put(conditions, "Progressing", "True", COMPLETE, message)
    elif _moved(before, counts):
        message = f'ReplicaSet "{name}" is progressing.'
        renew(conditions, "Progressing", "True", "ReplicaSetUpdated", message)
    elif known is not None and _is_late(known, deployment["spec"]["progressDeadlineSeconds"]):
        message = f'ReplicaSet "{name}" has timed out progressing.'
        put(conditions, "Progressing", "False", TIMED_OUT, message)


def is_complete(deployment: Object, counts: Object) -> bool:
    wanted = deployment["spec"]["replicas"]
    return all(
        counts[name] == wanted for name in ("updatedReplicas", "replicas", "availableReplicas")
    )


def _moved(before: Object, counts: Object) -> bool:
    def old(status: Object) -> int:
        return int(status.get("replicas", 0)) - int(status.get("updatedReplicas", 0))

    more = ("updatedReplicas", "readyReplicas", "availableReplicas")
    return old(counts) < old(before) or any(counts[name] > before.get(name, 0) for name in more)


def _is_late(condition: Object, seconds: int) -> bool:
    if condition["reason"] in {COMPLETE, TIMED_OUT}:
        return bool(condition["reason"] == TIMED_OUT)
    since = datetime.fromisoformat(condition["lastUpdateTime"])
    return since + timedelta(seconds=seconds) < datetime.now(UTC)
