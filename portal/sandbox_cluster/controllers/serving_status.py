"""The status of an InferenceService, with the habits of KServe's own that mislead whoever trusts it.

``Ready`` stays true while an update fails beside what serves, ``observedGeneration`` is the child
Deployment's, and ``Stopped`` is false when all is well.
"""

from typing import Any

from portal.sandbox_cluster import inference
from portal.sandbox_cluster.cluster import Cluster
from portal.sandbox_cluster.objects import clone
from portal.sandbox_cluster.resources import POD, REPLICA_SET
from portal.sandbox_cluster.store import now

Object = dict[str, Any]
UP_TO_DATE, IN_PROGRESS = "UpToDate", "InProgress"
BLOCKED, INVALID = "BlockedByFailedLoad", "InvalidSpec"


def is_complete(child: Object) -> bool:
    """Whether a Deployment has replaced all of its pods."""
    status, wanted = child.get("status") or {}, child["spec"]["replicas"]
    counts = ("replicas", "updatedReplicas", "availableReplicas")
    return status.get("observedGeneration") == child["metadata"]["generation"] and all(
        status.get(name, 0) == wanted for name in counts
    )


def of_standard(
    cluster: Cluster, service: Object, child: Object, beside: list[tuple[Object, Object]]
) -> Object:
    """Tell how the predictor and its canaries are."""
    ready = _is_available(child)
    conditions = {
        "IngressReady": ("True", ""),
        "PredictorReady": ("True", "") if ready else ("False", "MinimumReplicasUnavailable"),
        "Ready": ("True", "") if ready else ("False", "PredictorNotReady"),
        "Stopped": ("False", ""),
    }
    status = _common(service, child) | {
        "modelStatus": model_status(cluster, child),
        "components": {
            "predictor": {
                "latestCreatedRevision": (child["metadata"].get("annotations") or {}).get(
                    "deployment.kubernetes.io/revision", ""
                )
            }
        },
    }
    if beside:
        canaries = [
            {
                "name": canary["predictor"]["name"],
                "ready": is_complete(each),
                "trafficPercent": canary["trafficPercent"],
                "modelStatus": model_status(cluster, each),
            }
            for canary, each in beside
        ]
        status["canaryStatuses"] = canaries
        every = all(each["ready"] for each in canaries)
        conditions["CanaryPredictorReady"] = (
            ("True", "AllCanariesReady") if every else ("False", "CanariesNotReady")
        )
    return status | {"conditions": _conditions(service, conditions)}


def of_revisions(cluster: Cluster, service: Object, child: Object, known: Object) -> Object:
    """Tell how the latest revision is, and who gets which part of the traffic."""
    model = model_status(cluster, child, revision=known["latestCreatedRevision"])
    latest = "True" if is_complete(child) else "Unknown"
    if model["transitionStatus"] == BLOCKED:
        latest = "False"
    reason = {"True": "", "Unknown": "Deploying", "False": "RevisionFailed"}[latest]
    conditions = {
        "IngressReady": ("True" if known.get("traffic") else "Unknown", ""),
        "LatestDeploymentReady": (latest, reason),
        "PredictorConfigurationReady": (latest, reason),
        "PredictorReady": (latest, reason),
        "PredictorRouteReady": ("True" if known.get("traffic") else "Unknown", ""),
        "Ready": (latest, reason),
        "RoutesReady": ("True" if known.get("traffic") else "Unknown", ""),
        "Stopped": ("False", ""),
    }
    if known.get("latestRolledoutRevision"):
        model["states"]["activeModelState"] = "Loaded"
    return _common(service, child) | {
        "modelStatus": model,
        "components": {"predictor": known},
        "conditions": _conditions(service, conditions),
    }


def stopped(service: Object) -> Object:
    """Tell that somebody stopped the service."""
    conditions = {"Ready": ("False", "Stopped"), "Stopped": ("True", "Stopped")}
    return {
        "deploymentMode": inference.mode_of(service),
        "conditions": _conditions(service, conditions),
    }


def invalid(service: Object, reason: str, message: str) -> Object:
    """Tell that no runtime serves the model; what serves already goes on."""
    status = clone(service.get("status") or {})
    states = (status.get("modelStatus") or {}).get("states") or {}
    status["deploymentMode"] = inference.mode_of(service)
    status["modelStatus"] = {
        "transitionStatus": INVALID,
        "states": {"activeModelState": "", "targetModelState": "", **states}
        | {"targetModelState": "FailedToLoad"},
        "lastFailureInfo": {"reason": reason, "message": message},
    }
    present = {
        each["type"]: (each["status"], each.get("reason", ""))
        for each in status.get("conditions", [])
    }
    status["conditions"] = _conditions(
        service, {"PredictorReady": ("False", reason), "Ready": ("False", reason)} | present
    )
    return status


def model_status(cluster: Cluster, child: Object, *, revision: str = "") -> Object:
    """Tell how far the model of one Deployment is."""
    failure = None if is_complete(child) else _failure(cluster, child, revision)
    states = {
        "activeModelState": "Loaded" if _is_available(child) else "",
        "targetModelState": "Loaded",
    }
    status: Object = {"transitionStatus": UP_TO_DATE, "states": states}
    if failure is not None:
        states["targetModelState"] = "FailedToLoad"
        status |= {"transitionStatus": BLOCKED, "lastFailureInfo": failure}
    elif not is_complete(child):
        states["targetModelState"] = "Loading"
        status["transitionStatus"] = IN_PROGRESS
    counted = child.get("status") or {}
    status["modelCopies"] = {
        "failedCopies": int(failure is not None),
        "totalCopies": counted.get("replicas", 0),
    }
    return status


def _failure(cluster: Cluster, child: Object, revision: str) -> Object | None:
    """Find a container of the newest pods that ended badly."""
    wanted = (child["spec"]["template"]["metadata"].get("annotations") or {}).get(inference.SOURCE)
    for replica_set in cluster.store.owned_by(REPLICA_SET, child):
        for pod in cluster.store.owned_by(POD, replica_set):
            if (pod["metadata"].get("annotations") or {}).get(inference.SOURCE) != wanted:
                continue
            ended = _ended(pod)
            if ended is not None:
                return {
                    "location": "",
                    "reason": "ModelLoadFailed",
                    "message": ended.get("message", ""),
                    "modelRevisionName": revision,
                    "time": ended.get("finishedAt", now()),
                    "exitCode": ended["exitCode"],
                }
    return None


def _ended(pod: Object) -> Object | None:
    status = pod.get("status") or {}
    for kind in ("initContainerStatuses", "containerStatuses"):
        for each in status.get(kind) or []:
            ended: Object | None = (each.get("lastState") or {}).get("terminated")
            if ended is not None and ended.get("exitCode"):
                return ended
    return None


def _is_available(child: Object) -> bool:
    return any(
        each["type"] == "Available" and each["status"] == "True"
        for each in (child.get("status") or {}).get("conditions") or []
    )


def _common(service: Object, child: Object) -> Object:
    metadata = service["metadata"]
    return {
        "deploymentMode": inference.mode_of(service),
        "observedGeneration": (child.get("status") or {}).get("observedGeneration", 0),
        "url": f"http://{metadata['name']}-{metadata['namespace']}.example.com",
    }


def _conditions(service: Object, wanted: dict[str, tuple[str, str]]) -> list[Object]:
    before = {each["type"]: each for each in (service.get("status") or {}).get("conditions") or []}
    written = []
    for kind, (status, reason) in sorted(wanted.items()):
        known = before.get(kind) or {}
        since = known.get("lastTransitionTime") if known.get("status") == status else None
        condition: Object = {"type": kind, "status": status, "lastTransitionTime": since or now()}
        if reason:
            condition["reason"] = reason
        if kind not in {"Ready", "PredictorReady", "IngressReady"}:
            condition["severity"] = "Info"
        written.append(condition)
    return written
