"""What a request is about: its path taken apart, its options and its body checked."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portal.sandbox_cluster import errors, resources
from portal.sandbox_cluster.errors import Cause, StatusError
from portal.sandbox_cluster.resources import NAMESPACE, Resource

Object = dict[str, Any]


@dataclass(frozen=True)
class Target:
    """What a path names: a kind, and maybe a namespace, an object and a subresource of it."""

    resource: Resource
    namespace: str = ""
    name: str = ""
    subresource: str = ""


def read_path(path: str) -> Target:
    """Take ``/apis/apps/v1/namespaces/shop/deployments/api/status`` apart. Raise 404."""
    parts = [part for part in path.split("/") if part]
    if parts[:1] == ["api"]:
        group, parts = "", parts[1:]
    elif parts[:1] == ["apis"] and len(parts) > 1:
        group, parts = parts[1], parts[2:]
    else:
        raise errors.no_such_path()
    if len(parts) < 2:  # noqa: PLR2004 -- a version and a kind
        raise errors.no_such_path()
    version, *rest = parts
    namespace = ""
    is_inside = len(rest) > 2 and rest[0] == "namespaces" and rest[2] != "status"  # noqa: PLR2004 -- namespaces, its name, and what is in it
    if is_inside:
        namespace, rest = rest[1], rest[2:]
    return _target(group, version, namespace, rest)


def _target(group: str, version: str, namespace: str, rest: list[str]) -> Target:
    resource = resources.find(group, version, rest[0])
    if resource is None or len(rest) > 3:  # noqa: PLR2004 -- kind, name, subresource
        raise errors.no_such_path()
    name, subresource = (*rest[1:], "", "")[:2]
    if bool(namespace) > resource.namespaced or (subresource and subresource != "status"):
        raise errors.no_such_path()
    if subresource and not resource.has_status:
        raise errors.no_such_path()
    if name and resource.namespaced and not namespace:
        raise errors.no_such_path()
    return Target(resource, namespace, name, subresource)


@dataclass(frozen=True)
class Options:
    """The query options of a write."""

    manager: str
    dry_run: bool = False
    force: bool = False


def read_options(query: Mapping[str, str], user_agent: str, *, apply: bool = False) -> Options:
    """Read the options; without ``fieldManager`` the user agent names who writes."""
    dry_run = query.get("dryRun", "")
    if dry_run not in {"", "All"}:
        raise _bad_option(
            "dryRun",
            "FieldValueNotSupported",
            f'Unsupported value: ["{dry_run}"]: supported values: "All"',
        )
    manager = query.get("fieldManager", "")
    if len(manager) > 128 or not manager.isprintable():  # noqa: PLR2004 -- the API's limit
        message = "Invalid value: must be printable and no more than 128 bytes"
        raise _bad_option("fieldManager", "FieldValueInvalid", message)
    if apply and not manager:
        message = "Required value: is required for apply patch"
        raise _bad_option("fieldManager", "FieldValueRequired", message)
    force = query.get("force", "") in {"true", "1", "True"}
    if force and not apply:
        message = "Forbidden: may not be specified for non-apply patch"
        raise _bad_option("force", "FieldValueForbidden", message)
    return Options(manager or user_agent.partition("/")[0] or "unknown", bool(dry_run), force)


def _bad_option(field: str, reason: str, message: str) -> StatusError:
    kind = Resource("meta.k8s.io", "v1", "PatchOptions", "patchoptions")
    return errors.invalid(kind, "", [Cause(reason, message, field)])


def read_json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError as error:
        raise errors.bad_request(
            f"the object provided is unrecognized (must be of type Object): {error}"
        ) from error


def read_body(target: Target, raw: bytes, *, apply: bool = False) -> Object:
    """Read an object that a path is about: its kind, name and namespace must be the path's.

    A built-in kind may be left out where the path says it, but not in an apply.
    """
    body = read_json(raw)
    if not isinstance(body, dict):
        raise errors.bad_request("the object provided is unrecognized (must be of type Object)")
    resource = target.resource
    is_said = apply or resource.custom
    kind = body.setdefault("kind", "" if is_said else resource.kind)
    version = body.setdefault("apiVersion", "" if is_said else resource.api_version)
    if not kind:
        raise errors.bad_request(f"Object 'Kind' is missing in '{raw.decode()[:200]}'")
    if version != resource.api_version:
        raise errors.bad_request(
            f"the API version in the data ({version}) does not match the expected API version "
            f"({resource.api_version})"
        )
    if kind != resource.kind:
        raise errors.bad_request(
            f'{kind} in version "{resource.version}" cannot be handled as a {resource.kind}: '
            f"no kind {kind!r} is registered here"
        )
    name_it(target, body)
    return body


def name_it(target: Target, body: Object) -> None:
    """Give a body the path's name and namespace, or refuse its own."""
    metadata = body.setdefault("metadata", {})
    if not isinstance(metadata, dict):
        raise errors.bad_request("metadata must be an object")
    for name in ("name", "namespace", "generateName", "resourceVersion", "uid"):
        if not isinstance(metadata.get(name) or "", str):
            raise errors.bad_request(
                f'{target.resource.kind} in version "{target.resource.version}" cannot be handled '
                f"as a {target.resource.kind}: json: cannot unmarshal into Go struct field "
                f"ObjectMeta.metadata.{name} of type string"
            )
    if target.resource == NAMESPACE:
        metadata.pop("namespace", None)
    elif metadata.setdefault("namespace", target.namespace) != target.namespace:
        raise errors.bad_request(
            "the namespace of the provided object does not match the namespace sent on the request"
        )
    if target.name and metadata.setdefault("name", target.name) != target.name:
        raise errors.bad_request(
            f"the name of the object ({metadata['name']}) does not match the name on the URL "
            f"({target.name})"
        )
