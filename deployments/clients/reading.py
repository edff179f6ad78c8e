"""What the cluster's objects say: a workload's state, its pods, and what these really run."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from deployments.clients.cluster import (
    RunningContainer,
    RunningDigests,
    Workload,
    WorkloadState,
)

Object = dict[str, Any]

_DIGEST = re.compile(r"@(sha256:[0-9a-f]{64})$")
_HASH = "pod-template-hash"
_CONTAINERS = {"initContainers": "initContainerStatuses", "containers": "containerStatuses"}


def state_of(workload: Workload, live: Object) -> WorkloadState:
    """Read a workload's state off its object."""
    metadata, spec, status = live["metadata"], live["spec"], live.get("status") or {}
    pod = spec["template"]["spec"]
    return WorkloadState(
        workload=workload,
        exists=True,
        images={
            each["name"]: each.get("image", "")
            for kind in _CONTAINERS
            for each in pod.get(kind) or []
        },
        generation=metadata.get("generation", 0),
        observed_generation=status.get("observedGeneration", 0),
        replicas=spec.get("replicas", 1),
        ready_replicas=status.get("readyReplicas", 0),
        uid=metadata.get("uid", ""),
        resource_version=metadata.get("resourceVersion", ""),
        annotations=metadata.get("annotations") or {},
        labels=metadata.get("labels") or {},
    )


def selector_of(live: Object) -> str:
    """Write a workload's ``spec.selector`` as a label selector."""
    selector = live["spec"]["selector"]
    terms = [f"{name}={value}" for name, value in (selector.get("matchLabels") or {}).items()]
    for each in selector.get("matchExpressions") or []:
        key, values = each["key"], ",".join(each.get("values") or [])
        written = {
            "In": f"{key} in ({values})",
            "NotIn": f"{key} notin ({values})",
            "Exists": key,
            "DoesNotExist": f"!{key}",
        }
        terms.append(written[each["operator"]])
    return ",".join(terms)


def owned_by(objects: Iterable[Object], owners: Iterable[Object]) -> list[Object]:
    """Pick the objects whose controller is one of ``owners``."""
    uids = {owner["metadata"]["uid"] for owner in owners}
    return [
        each
        for each in objects
        if any(
            reference.get("controller") and reference["uid"] in uids
            for reference in each["metadata"].get("ownerReferences") or []
        )
    ]


def present_revision(live: Object, replica_sets: list[Object]) -> Object | None:
    """Find the ReplicaSet of a Deployment's present template, as the controller itself does."""
    wanted = _comparable(live["spec"]["template"])
    same = [each for each in replica_sets if _comparable(each["spec"]["template"]) == wanted]
    return min(same, key=lambda each: each["metadata"]["creationTimestamp"], default=None)


def _comparable(template: Object) -> Object:
    metadata = dict(template.get("metadata") or {})
    metadata.pop("creationTimestamp", None)
    labels = {k: v for k, v in (metadata.get("labels") or {}).items() if k != _HASH}
    return {**template, "metadata": {**metadata, "labels": labels}}


def running(
    workload: Workload, pods: Iterable[Object], new_pods: Iterable[Object]
) -> RunningDigests:
    """Read what pods run; those that have ended run nothing."""
    new = {pod["metadata"]["uid"] for pod in new_pods}
    containers = [
        container
        for pod in pods
        if (pod.get("status") or {}).get("phase") not in {"Succeeded", "Failed"}
        for container in _containers(pod, is_new=pod["metadata"]["uid"] in new)
    ]
    return RunningDigests(workload, tuple(containers))


def _containers(pod: Object, *, is_new: bool) -> Iterable[RunningContainer]:
    status = pod.get("status") or {}
    for kind, named in _CONTAINERS.items():
        reported = {each["name"]: each for each in status.get(named) or []}
        for container in pod["spec"].get(kind) or []:
            seen = reported.get(container["name"]) or {}
            image_id = seen.get("imageID") or ""
            begun = ((seen.get("state") or {}).get("running") or {}).get("startedAt")
            yield RunningContainer(
                pod=pod["metadata"]["name"],
                container=container["name"],
                image=container.get("image", ""),
                image_id=image_id,
                digest=digest_of(image_id),
                ready=bool(seen.get("ready")),
                new=is_new,
                terminating="deletionTimestamp" in pod["metadata"],
                started_at=moment(begun),
            )


def digest_of(image_id: str) -> str | None:
    """Read ``repository@sha256:…``. A bare ``sha256:…`` is a node's own id of the image's
    configuration, which is no digest that a registry knows.
    """  # noqa: D205 -- one sentence is too long for one line
    found = _DIGEST.search(image_id)
    return found[1] if found else None


def moment(written: Any) -> datetime | None:
    return datetime.fromisoformat(written) if written else None


def condition(live: Mapping[str, Any], kind: str) -> Object:
    """Find a condition of an object; empty if it has none of this kind."""
    conditions = (live.get("status") or {}).get("conditions") or []
    return next((each for each in conditions if each["type"] == kind), {})
