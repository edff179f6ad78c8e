"""What is sent to the cluster: the fields that are ours, and only those."""

import copy
import json
import re
from collections.abc import Mapping
from typing import Any

from deployments.clients.cluster import (
    FIELD_MANAGER,
    LABEL_MANAGED_BY,
    ClusterRefused,
    Workload,
    WorkloadKind,
    WorkloadMissing,
)

Object = dict[str, Any]

API_VERSIONS = {
    WorkloadKind.DEPLOYMENT: "apps/v1",
    WorkloadKind.INFERENCE_SERVICE: "serving.kserve.io/v1beta1",
}
PLURALS = {
    WorkloadKind.DEPLOYMENT: "deployments",
    WorkloadKind.INFERENCE_SERVICE: "inferenceservices",
}

_BY_DIGEST = re.compile(r".+@sha256:[0-9a-f]{64}")
_CONTAINERS = ("containers", "initContainers")


def path_of(workload: Workload) -> str:
    """Answer the path of a workload in the API."""
    return f"{collection(workload.kind, workload.namespace)}/{workload.name}"


def collection(kind: WorkloadKind, namespace: str) -> str:
    return f"/apis/{API_VERSIONS[kind]}/namespaces/{namespace}/{PLURALS[kind]}"


def to_apply(
    workload: Workload,
    live: Object | None,
    images: Mapping[str, str],
    template: Mapping[str, Any] | None,
) -> Object:
    """Write the body of an apply that makes ``images`` what the workload runs.

    An apply gives up every field of ours that it leaves out, so the body begins with what we own
    already: the whole template if we created the workload, else the images.
    Raise WorkloadMissing, or ClusterRefused for an unknown container.
    """
    owned = {} if live is None else owned_part(live)
    is_ours = live is None or "selector" in (owned.get("spec") or {})
    if template is not None and is_ours:
        body: Object = {"spec": _filled_in(workload, template)}
        _put_images(body["spec"]["template"]["spec"], images)
    elif live is None:
        raise WorkloadMissing(
            f"{workload} is not in the cluster, and the binding has no template to create it from."
        )
    else:
        body = owned
        spec = body.setdefault("spec", {}).setdefault("template", {}).setdefault("spec", {})
        _put_known_images(workload, spec, live["spec"]["template"]["spec"], images)
    body["apiVersion"], body["kind"] = API_VERSIONS[workload.kind], workload.kind.value
    metadata = body.setdefault("metadata", {})
    metadata["name"], metadata["namespace"] = workload.name, workload.namespace
    if is_ours:
        metadata.setdefault("labels", {})[LABEL_MANAGED_BY] = FIELD_MANAGER
    return body


def mark(
    body: Object, annotations: Mapping[str, str] | None, labels: Mapping[str, str] | None
) -> None:
    """Make exactly these annotations and labels ours; ``None`` leaves those that we have."""
    metadata = body["metadata"]
    if annotations is not None:
        metadata["annotations"] = dict(annotations)
    if labels is not None:
        managed_by = (metadata.get("labels") or {}).get(LABEL_MANAGED_BY)
        metadata["labels"] = dict(labels)
        if managed_by is not None:
            metadata["labels"].setdefault(LABEL_MANAGED_BY, managed_by)


def check_images(workload: Workload, images: Mapping[str, str]) -> None:
    """Let references with a digest pass. Raise ClusterRefused for one that a registry could move."""
    if not images:
        raise ClusterRefused(f"There is no image to put into {workload}.")
    for container, image in images.items():
        if not _BY_DIGEST.fullmatch(image):
            raise ClusterRefused(
                f"{workload}: the image of container {container} is {image!r}; only "
                "repository@sha256:… says which image it is."
            )


def _filled_in(workload: Workload, template: Mapping[str, Any]) -> Object:
    """Complete a template: the selector, and the labels that fit it."""
    spec: Object = copy.deepcopy(dict(template))
    fallback = {"matchLabels": {"app.kubernetes.io/name": workload.name}}
    selector = spec.setdefault("selector", fallback)
    pod = spec.setdefault("template", {})
    labels = pod.setdefault("metadata", {}).setdefault("labels", {})
    for name, value in (selector.get("matchLabels") or {}).items():
        labels.setdefault(name, value)
    pod.setdefault("spec", {}).setdefault("containers", [])
    return spec


def _put_images(pod: Object, images: Mapping[str, str]) -> None:
    for container, image in images.items():
        kinds = [kind for kind in _CONTAINERS if _named(pod.get(kind), container)]
        _item(pod.setdefault(kinds[0] if kinds else "containers", []), container)["image"] = image


def _put_known_images(
    workload: Workload, ours: Object, live: Object, images: Mapping[str, str]
) -> None:
    """Set the images of containers that are there; a name that is not would add a container."""
    for container, image in images.items():
        kinds = [kind for kind in _CONTAINERS if _named(live.get(kind), container)]
        if not kinds:
            known = [each["name"] for kind in _CONTAINERS for each in live.get(kind) or []]
            raise ClusterRefused(
                f"{workload} has no container {container!r}; it has {', '.join(known)}. "
                "The binding must name one of them."
            )
        _item(ours.setdefault(kinds[0], []), container)["image"] = image


def _named(containers: Any, name: str) -> bool:
    return any(each["name"] == name for each in containers or [])


def _item(containers: list[Object], name: str) -> Object:
    for each in containers:
        if each["name"] == name:
            return each
    containers.append({"name": name})
    return containers[-1]


def owned_part(live: Object) -> Object:
    """Extract from a live object the fields that our earlier applies own.

    As ``ExtractDeployment`` of client-go does, from ``metadata.managedFields``.
    """
    for entry in live["metadata"].get("managedFields") or []:
        ours = entry.get("manager") == FIELD_MANAGER and entry.get("operation") == "Apply"
        if ours and not entry.get("subresource"):
            extracted: Object = _extract(live, entry.get("fieldsV1") or {})
            return extracted
    return {}


def _extract(value: Any, fields: Object) -> Any:
    steps = {name: inner for name, inner in fields.items() if name != "."}
    if not steps:
        return copy.deepcopy(value)
    if isinstance(value, dict):
        return {
            name: _extract(value[name], steps[f"f:{name}"])
            for name in value
            if f"f:{name}" in steps
        }
    extracted = []
    for step, inner in steps.items():
        kind, _, spelled = step.partition(":")
        wanted = json.loads(spelled)
        for item in value:
            if kind == "v" and item == wanted:
                extracted.append(item)
            elif kind == "k" and all(item.get(key) == each for key, each in wanted.items()):
                # The keys name the item: an apply needs them even where only a field is ours.
                extracted.append({**wanted, **_extract(item, inner)})
    return extracted
