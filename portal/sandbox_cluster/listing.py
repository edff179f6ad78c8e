"""Lists: selected, in pages, and consistent over the pages."""

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

from portal.sandbox_cluster import errors, selectors
from portal.sandbox_cluster.errors import StatusError
from portal.sandbox_cluster.requests import Target
from portal.sandbox_cluster.resources import Resource
from portal.sandbox_cluster.store import Store

Object = dict[str, Any]


def selection(target: Target, query: Mapping[str, str]) -> Callable[[Object], bool]:
    """Combine everything by which a request selects objects."""
    labels = selectors.by_labels(query.get("labelSelector", ""))
    fields = selectors.by_fields(query.get("fieldSelector", ""), target.resource)

    def selects(body: Object) -> bool:
        metadata = body["metadata"]
        if target.namespace and metadata.get("namespace") != target.namespace:
            return False
        if target.name and metadata["name"] != target.name:
            return False
        return labels(body) and fields(body)

    return selects


def listing(store: Store, target: Target, query: Mapping[str, str]) -> Object:
    """Answer a list, or one page of it. Every page shows the moment of the first."""
    selects = selection(target, query)
    revision, after = _starting_point(store, query)
    if revision == store.revision:
        everything = store.all(target.resource, target.namespace)
    else:
        everything = store.all_at(target.resource, target.namespace, revision)
    items = [each for each in everything if _place(each) > after and selects(each)]
    metadata: Object = {"resourceVersion": str(revision)}
    limit = _number(query, "limit")
    if limit and len(items) > limit:
        rest, items = items[limit:], items[:limit]
        metadata["continue"] = _token(revision, _place(items[-1]))
        if not query.get("labelSelector") and not query.get("fieldSelector"):
            metadata["remainingItemCount"] = len(rest)
    return {
        "kind": f"{target.resource.kind}List",
        "apiVersion": target.resource.api_version,
        "metadata": metadata,
        "items": [_item(target.resource, each) for each in items],
    }


def _place(body: Object) -> tuple[str, str]:
    return (body["metadata"].get("namespace", ""), body["metadata"]["name"])


def _item(resource: Resource, body: Object) -> Object:
    """Items of a built-in list do not repeat their kind; custom resources do."""
    if resource.custom:
        return body
    return {name: value for name, value in body.items() if name not in {"kind", "apiVersion"}}


def _starting_point(store: Store, query: Mapping[str, str]) -> tuple[int, tuple[str, str]]:
    token = query.get("continue", "")
    if token:
        if query.get("resourceVersion"):
            raise errors.bad_request(
                "resourceVersion: Forbidden: specifying resource version is not allowed when "
                "using continue"
            )
        return _read_token(token)
    revision = read_revision(store, query)
    if query.get("resourceVersionMatch") == "Exact" and revision:
        return revision, ("", "")
    return store.revision, ("", "")


def read_revision(store: Store, query: Mapping[str, str]) -> int:
    """Read ``resourceVersion``; zero for "any". Refuse one that is not there yet with 504."""
    revision = _number(query, "resourceVersion")
    if revision > store.revision:
        raise _too_large(revision, store.revision)
    return revision


def _too_large(revision: int, current: int) -> StatusError:
    cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
    return StatusError(
        504,
        "Timeout",
        f"Timeout: Too large resource version: {revision}, current: {current}",
        {"causes": [cause], "retryAfterSeconds": 1},
    )


def _number(query: Mapping[str, str], name: str) -> int:
    value = query.get(name, "")
    if value and not value.isdecimal():
        raise errors.bad_request(
            f'{name}: Invalid value: "{value}": strconv.ParseUint: parsing "{value}": '
            "invalid syntax"
        )
    return int(value or 0)


def _token(revision: int, last: tuple[str, str]) -> str:
    token = {"v": "meta.k8s.io/v1", "rv": revision, "start": list(last)}
    return base64.urlsafe_b64encode(json.dumps(token).encode()).decode().rstrip("=")


def _read_token(token: str) -> tuple[int, tuple[str, str]]:
    try:
        padded = token + "=" * (-len(token) % 4)
        read = json.loads(base64.urlsafe_b64decode(padded))
        namespace, name = read["start"]
        return int(read["rv"]), (str(namespace), str(name))
    except (ValueError, KeyError, TypeError) as error:
        raise errors.bad_request("continue key is not valid") from error
