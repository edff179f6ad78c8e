"""One container's way: creating, running, waiting, and every way in which it does not start."""

from dataclasses import dataclass, field
from typing import Any

from portal.sandbox_cluster import images
from portal.sandbox_cluster.cluster import Cluster
from portal.sandbox_cluster.faults import Fault
from portal.sandbox_cluster.images import Image
from portal.sandbox_cluster.store import now

Object = dict[str, Any]

STORAGE_INITIALIZER = "storage-initializer"
"""The init container by which KServe loads a model; its first argument is the model's address."""

KINDS = {"initContainers": "initContainerStatuses", "containers": "containerStatuses"}


@dataclass(frozen=True)
class Told:
    """An event to emit."""

    reason: str
    message: str
    warning: bool = False


@dataclass(frozen=True)
class Next:
    """A container's next status, when to look again (``None``: no more), and what to tell."""

    status: Object
    wait: float | None = None
    events: list[Told] = field(default_factory=list)


def creating(container: Object) -> Object:
    return {
        "name": container["name"],
        "image": container["image"],
        "imageID": "",
        "ready": False,
        "started": False,
        "restartCount": 0,
        "state": {"waiting": {"reason": "ContainerCreating"}},
        "lastState": {},
    }


def next_step(
    cluster: Cluster, container: Object, was: Object, attempts: dict[str, int], *, init: bool
) -> Next:
    """Decide what becomes of a container now."""
    if was["ready"] or "terminated" in was["state"]:
        return Next(was)
    image = images.parse(container["image"])
    if not image.valid:
        message = (
            f'Failed to apply default image tag "{image.reference}": '
            f'couldn\'t parse image name "{image.reference}": invalid reference format'
        )
        told = [Told("InspectFailed", message, warning=True)]
        return Next(_waiting(was, "InvalidImageName", message), cluster.pace.back_off * 4, told)
    fault = _fault_of(cluster, container, image)
    kind = fault.kind if fault is not None else ""
    attempt = attempts.get(container["name"], 0)
    attempts[container["name"]] = attempt + 1
    if kind == "image_pull" and fault is not None:
        return _not_pulled(cluster, was, image, fault, attempt)
    if kind in {"crash_loop", "model_load"} and fault is not None:
        return _crashing(cluster, was, image, fault)
    if kind == "never_ready":
        running = _running(was, image, image.digest, ready=False)
        message = "Readiness probe failed: HTTP probe failed with statuscode: 503"
        told = [Told("Unhealthy", message, warning=True)]
        return Next(running, cluster.pace.back_off, told)
    digest = images.another_digest(image.digest) if kind == "wrong_digest" else image.digest
    status = _completed(was, image) if init else _running(was, image, digest, ready=True)
    return Next(status, None, _started(container["name"], image))


def _fault_of(cluster: Cluster, container: Object, image: Image) -> Fault | None:
    """Find what is wrong with a container: its image, or the model that it is to load."""
    fault = cluster.faults.of_image(image)
    if fault is None and container["name"] == STORAGE_INITIALIZER and container.get("args"):
        return cluster.faults.of_model(str(container["args"][0]))
    return fault


def _back_off(cluster: Cluster, count: int) -> float:
    doubled: float = cluster.pace.back_off * 2 ** min(count, 10)
    return min(doubled, cluster.pace.longest_back_off)


def _waiting(was: Object, reason: str, message: str) -> Object:
    waiting = {"reason": reason, "message": message}
    return {**was, "ready": False, "started": False, "state": {"waiting": waiting}}


def _not_pulled(cluster: Cluster, was: Object, image: Image, fault: Fault, attempt: int) -> Next:
    """Fail to pull, then back off, in turns, as the kubelet does."""
    cause = fault.message or (
        f'failed to pull and unpack image "{image.reference}": failed to resolve reference '
        f'"{image.reference}": {image.reference}: not found'
    )
    if attempt % 2 == 0:
        told = [
            Told("Pulling", f'Pulling image "{image.reference}"'),
            Told("Failed", f'Failed to pull image "{image.reference}": {cause}', warning=True),
            Told("Failed", "Error: ErrImagePull", warning=True),
        ]
        return Next(_waiting(was, "ErrImagePull", cause), cluster.pace.start, told)
    message = f'Back-off pulling image "{image.reference}"'
    told = [
        Told("BackOff", message),
        Told("Failed", "Error: ImagePullBackOff", warning=True),
    ]
    waiting = _waiting(was, "ImagePullBackOff", f"{message}: ErrImagePull: {cause}")
    return Next(waiting, _back_off(cluster, attempt // 2), told)


def _crashing(cluster: Cluster, was: Object, image: Image, fault: Fault) -> Next:
    """Start and end at once, then wait ever longer to be started again.

    It never gets ready in between, as if it had a readiness probe.
    """
    if "running" not in was["state"]:
        running = _running(was, image, image.digest, ready=False)
        return Next(running, cluster.pace.start / 2, _started(was["name"], image))
    present = now()
    ended: Object = {
        "exitCode": fault.exit_code,
        "reason": "Error",
        "startedAt": was["state"]["running"]["startedAt"],
        "finishedAt": present,
    }
    if fault.message:
        ended["message"] = fault.message
    wait = _back_off(cluster, was["restartCount"])
    message = f"back-off {wait:g}s restarting failed container={was['name']}"
    status = _waiting(was, "CrashLoopBackOff", message)
    status["lastState"] = {"terminated": ended}
    status["restartCount"] = was["restartCount"] + 1
    told = Told("BackOff", f"Back-off restarting failed container {was['name']}", warning=True)
    return Next(status, wait, [told])


def _running(was: Object, image: Image, digest: str, *, ready: bool) -> Object:
    running = was["state"].get("running") or {"startedAt": now()}
    return {
        **was,
        "image": image.reference,
        "imageID": f"{image.repository}@{digest}",
        "ready": ready,
        "started": True,
        "state": {"running": running},
    }


def _completed(was: Object, image: Image) -> Object:
    present = now()
    ended = {"exitCode": 0, "reason": "Completed", "startedAt": present, "finishedAt": present}
    return {
        **was,
        "image": image.reference,
        "imageID": image.id,
        "ready": True,
        "started": False,
        "state": {"terminated": ended},
    }


def _started(name: str, image: Image) -> list[Told]:
    return [
        Told("Pulled", f'Container image "{image.reference}" already present on machine'),
        Told("Created", f"Created container: {name}"),
        Told("Started", f"Started container {name}"),
    ]


def settle(status: Object, present: str) -> None:
    """Set a pod's phase and conditions from its containers."""
    every = status.get("containerStatuses") or []
    initialized = all(each["ready"] for each in status.get("initContainerStatuses") or [])
    begun = bool(every) and all(
        "running" in each["state"] or each["restartCount"] for each in every
    )
    ready = begun and all(each["ready"] for each in every)
    status["phase"] = "Running" if begun else "Pending"
    unready = [each["name"] for each in every if not each["ready"]]
    message = f"containers with unready status: [{' '.join(unready)}]"
    _put(status, "PodScheduled", present, reason_not="", message="")
    reason = "" if initialized else "ContainersNotInitialized"
    _put(status, "Initialized", present, reason_not=reason, message="")
    for kind in ("ContainersReady", "Ready"):
        reason = "" if ready else "ContainersNotReady"
        _put(status, kind, present, reason_not=reason, message=message)


def _put(status: Object, kind: str, present: str, *, reason_not: str, message: str) -> None:
    """Set a condition: true without a reason why not."""
    word = "False" if reason_not else "True"
    known = next((each for each in status["conditions"] if each["type"] == kind), None)
    if known is None:
        known = {"type": kind, "status": "", "lastProbeTime": None}
        status["conditions"].append(known)
    if known["status"] != word:
        known |= {"status": word, "lastTransitionTime": present}
    known.pop("reason", None)
    known.pop("message", None)
    if reason_not:
        known["reason"] = reason_not
        if message:
            known["message"] = message
