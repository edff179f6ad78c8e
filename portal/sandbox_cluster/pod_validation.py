"""The rules for the JSON types of known fields, and for pods and their containers."""

import json
import re
from collections.abc import Iterator
from typing import Any

from portal.sandbox_cluster import schema
from portal.sandbox_cluster.errors import Cause, StatusError, bad_request
from portal.sandbox_cluster.objects import clone
from portal.sandbox_cluster.resources import Resource

Object = dict[str, Any]

_GO = {str: "string", int: "int32", bool: "bool", dict: "map", list: "slice"}
_JSON = {str: "string", int: "number", float: "number", bool: "bool", dict: "object", list: "array"}

_TYPES: dict[str, type | tuple[type, ...]] = {
    "metadata.labels": dict,
    "metadata.annotations": dict,
    "metadata.labels.*": str,
    "metadata.annotations.*": str,
    "metadata.creationTimestamp": str,
    "metadata.finalizers": list,
    "metadata.generateName": str,
    "metadata.ownerReferences": list,
    "metadata.ownerReferences.uid": str,
    "spec": dict,
    "status": dict,
    "spec.replicas": int,
    "spec.paused": bool,
    "spec.minReadySeconds": int,
    "spec.progressDeadlineSeconds": int,
    "spec.revisionHistoryLimit": int,
    "spec.selector": dict,
    "spec.selector.matchLabels": dict,
    "spec.selector.matchExpressions": list,
    "spec.selector.matchExpressions.key": str,
    "spec.selector.matchExpressions.operator": str,
    "spec.selector.matchExpressions.values": list,
    "spec.selector.matchLabels.*": str,
    "spec.strategy": dict,
    "spec.strategy.type": str,
    "spec.strategy.rollingUpdate": dict,
    "spec.strategy.rollingUpdate.maxSurge": (int, str),
    "spec.strategy.rollingUpdate.maxUnavailable": (int, str),
    "spec.template": dict,
    "spec.template.metadata": dict,
    "spec.template.metadata.labels": dict,
    "spec.template.metadata.labels.*": str,
    "spec.template.metadata.annotations": dict,
    "spec.template.metadata.annotations.*": str,
    "spec.template.spec": dict,
}
_CONTAINER_TYPES: dict[str, type | tuple[type, ...]] = {
    "name": str,
    "image": str,
    "imagePullPolicy": str,
    "command": list,
    "args": list,
    "env": list,
    "env.name": str,
    "env.value": str,
    "ports": list,
    "ports.containerPort": int,
    "ports.protocol": str,
    "resources": dict,
}
_POD_SPECS = {"Pod": "spec", "Deployment": "spec.template.spec", "ReplicaSet": "spec.template.spec"}

_NAME = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"


def _types_of(resource: Resource) -> dict[str, type | tuple[type, ...]]:
    """Collect the paths with a fixed type; a custom resource has them for its metadata only."""
    if resource.custom:
        return {path: kind for path, kind in _TYPES.items() if path.startswith("metadata")}
    types = dict(_TYPES)
    pod = _POD_SPECS.get(resource.kind)
    if pod is not None:
        for kind in ("containers", "initContainers"):
            types[f"{pod}.{kind}"] = list
            types |= {f"{pod}.{kind}.{name}": each for name, each in _CONTAINER_TYPES.items()}
        types[f"{pod}.terminationGracePeriodSeconds"] = int
        types[f"{pod}.nodeName"] = str
    return types


def check_types(resource: Resource, body: Object) -> None:
    """Refuse a value of the wrong JSON type with 400, as decoding into the Go type does."""
    types = _types_of(resource)
    _check_items(resource, body)
    for path, value in _walk(body, ""):
        kind = types.get(path)
        if kind is None or value is None or _is(value, kind):
            continue
        first = kind if isinstance(kind, type) else kind[0]
        raise bad_request(
            f'{resource.kind} in version "{resource.version}" cannot be handled as a '
            f"{resource.kind}: json: cannot unmarshal {_JSON[type(value)]} into Go struct field "
            f"{resource.kind}.{path} of type {_GO[first]}"
        )


def _check_items(resource: Resource, body: Object) -> None:
    """Refuse a list map with items that are no objects, or whose keys are no plain values."""
    for names, value in _lists(body, ()):
        kind, keys = schema.list_kind(names, custom=resource.custom)
        for item in value if kind != schema.ATOMIC else []:
            plain = item if kind == schema.SET else _keys_of(item, keys)
            if isinstance(plain, dict | list):
                raise bad_request(
                    f'{resource.kind} in version "{resource.version}" cannot be handled as a '
                    f"{resource.kind}: json: cannot unmarshal {_JSON.get(type(item), 'value')} "
                    f"into Go struct field {resource.kind}.{'.'.join(names)} of its type"
                )


def _keys_of(item: Any, keys: tuple[str, ...]) -> Any:
    """Answer a key that is no plain value, or the item that is no object, or nothing wrong."""
    if not isinstance(item, dict):
        return [item]
    return next((item[key] for key in keys if isinstance(item.get(key), dict | list)), None)


def _is(value: Any, kind: type | tuple[type, ...]) -> bool:
    """``True`` is an int to Python, but not to JSON."""
    if isinstance(value, bool):
        return kind is bool
    return isinstance(value, kind)


_FREE_KEYS = ("labels", "annotations", "matchLabels")


def _walk(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        free = path.rpartition(".")[2] in _FREE_KEYS
        for name, inner in value.items():
            at = f"{path}.{'*' if free else name}".lstrip(".")
            yield at, inner
            yield from _walk(inner, at)
    elif isinstance(value, list):
        for inner in value:
            yield from _walk(inner, path)


def check_typed_patch(resource: Resource, body: Object) -> None:
    """Refuse an apply whose list maps have no key, or one twice. The real server answers 500."""
    for names, value in _lists(body, ()):
        kind, keys = schema.list_kind(names, custom=resource.custom)
        if kind != schema.MAP:
            continue
        path = "." + ".".join(names)
        seen = set()
        for item in value:
            key = schema.item_key(item, keys) if isinstance(item, dict) else ()
            missing = [name for name, each in key if each is None]
            if not key or missing:
                detail = (
                    "associative list with keys has an element that omits key field "
                    f'"{(missing or keys)[0]}" (and doesn\'t have default value)'
                )
                raise _untyped(resource, body, f"{path}: element 0: {detail}")
            if key in seen:
                spelled = ",".join(f"{name}={json.dumps(each)}" for name, each in key)
                raise _untyped(resource, body, f"{path}: duplicate entries for key [{spelled}]")
            seen.add(key)


def _lists(value: Any, names: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], list[Any]]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _lists(inner, (*names, name))
    elif isinstance(value, list):
        yield names, value
        for inner in value:
            yield from _lists(inner, names)


def _untyped(resource: Resource, body: Object, detail: str) -> StatusError:
    metadata = body["metadata"]
    where = f"{metadata.get('namespace', '')}/{metadata['name']}"
    return StatusError(
        500,
        "",
        f"failed to create typed patch object ({where}; {resource.api_version}, "
        f"Kind={resource.kind}): {detail}",
    )


def check_pod_spec(spec: Object, at: str) -> list[Cause]:
    causes: list[Cause] = []
    containers = spec.get("containers") or []
    if not containers:
        causes.append(Cause("FieldValueRequired", "Required value", f"{at}.containers"))
    seen: set[str] = set()
    for kind in ("initContainers", "containers"):
        for index, container in enumerate(spec.get(kind) or []):
            causes += _check_container(container, f"{at}.{kind}[{index}]", seen)
    return causes


def _check_container(container: Object, at: str, seen: set[str]) -> list[Cause]:
    causes = []
    name = container.get("name") or ""
    if not name:
        causes.append(Cause("FieldValueRequired", "Required value", f"{at}.name"))
    elif not re.fullmatch(_NAME, name):
        rule = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or"
        message = (
            f"Invalid value: \"{name}\": {rule} '-', and must start and end with an alphanumeric "
            "character (e.g. 'my-name',  or '123-abc', regex used for validation is "
            f"'{_NAME}')"
        )
        causes.append(Cause("FieldValueInvalid", message, f"{at}.name"))
    elif name in seen:
        causes.append(Cause("FieldValueDuplicate", f'Duplicate value: "{name}"', f"{at}.name"))
    seen.add(name)
    image = container.get("image") or ""
    if not image:
        causes.append(Cause("FieldValueRequired", "Required value", f"{at}.image"))
    elif image != image.strip():
        message = f'Invalid value: "{image}": must not have leading or trailing whitespace'
        causes.append(Cause("FieldValueInvalid", message, f"{at}.image"))
    for index, port in enumerate(container.get("ports") or []):
        number = port.get("containerPort")
        if number is None or not 0 < number < 65_536:  # noqa: PLR2004 -- the range of TCP ports
            message = f"Invalid value: {number or 0}: must be between 1 and 65535, inclusive"
            field = f"{at}.ports[{index}].containerPort"
            causes.append(Cause("FieldValueInvalid", message, field))
    return causes


def fixed(pod: Object) -> Object:
    """Answer the part of a pod's spec that may never change."""
    spec = clone(pod.get("spec") or {})
    for name in ("activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds"):
        spec.pop(name, None)
    for kind in ("containers", "initContainers"):
        for container in spec.get(kind) or []:
            container.pop("image", None)
    return spec
