"""Deletion: at once, gracefully, of one or of many; dependents follow, go first, or stay."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from portal.sandbox_cluster import errors, verbs, writing
from portal.sandbox_cluster.controllers.garbage import FOREGROUND, ORPHAN
from portal.sandbox_cluster.requests import Target
from portal.sandbox_cluster.resources import NAMESPACE, POD
from portal.sandbox_cluster.store import Store

Object = dict[str, Any]

POLICIES = {"Background": None, "Foreground": FOREGROUND, "Orphan": ORPHAN}


def merged_options(query: Mapping[str, str], body: Any) -> Object:
    """Read ``DeleteOptions`` from the body, then from the query."""
    options: Object = dict(body) if isinstance(body, dict) else {}
    for name in ("propagationPolicy", "gracePeriodSeconds", "dryRun"):
        if name in query:
            options[name] = query[name]
    policy = options.get("propagationPolicy") or "Background"
    if policy not in POLICIES:
        raise errors.bad_request(
            f'invalid DeleteOptions: propagationPolicy: Unsupported value: "{policy}": '
            f"supported values: {', '.join(POLICIES)}"
        )
    if not str(options.get("gracePeriodSeconds") or 0).isdecimal():
        raise errors.bad_request("invalid DeleteOptions: gracePeriodSeconds must be 0 or more")
    return options


def delete(store: Store, target: Target, options: Object) -> Object:
    """Delete one object; answer it if it is still there for a while, a ``Status`` if not."""
    resource = target.resource
    live = store.get(resource, target.namespace, target.name)
    _check_preconditions(target, live, options.get("preconditions") or {})
    if options.get("dryRun"):
        return _done(target, live)
    if resource == NAMESPACE:
        return verbs.delete_namespace(store, live)
    policy = POLICIES[options.get("propagationPolicy") or "Background"]
    if policy is not None and resource != POD:
        return _mark(store, target, live, policy)
    if resource == POD:
        return _delete_pod(store, target, live, options)
    if live["metadata"].get("finalizers"):
        return writing.begin_deletion(store, resource, live)
    store.remove(resource, target.namespace, target.name)
    return _done(target, live)


def _delete_pod(store: Store, target: Target, live: Object, options: Object) -> Object:
    given = options.get("gracePeriodSeconds")
    if given is None:
        given = (live.get("spec") or {}).get("terminationGracePeriodSeconds", 30)
    grace = int(given)
    if grace == 0 and not live["metadata"].get("finalizers"):
        return store.remove(POD, target.namespace, target.name)
    return writing.begin_deletion(store, POD, live, grace=grace)


def _mark(store: Store, target: Target, live: Object, finalizer: str) -> Object:
    known = live["metadata"].get("finalizers") or []
    metadata = {**live["metadata"], "finalizers": [*known, finalizer]}
    return writing.begin_deletion(store, target.resource, {**live, "metadata": metadata})


def _check_preconditions(target: Target, live: Object, wanted: Object) -> None:
    for name, word in (("uid", "UID"), ("resourceVersion", "ResourceVersion")):
        if wanted.get(name) and wanted[name] != live["metadata"][name]:
            raise errors.precondition_failed(
                target.resource, target.name, word, wanted[name], live["metadata"][name]
            )


def _done(target: Target, gone: Object) -> Object:
    details: Object = {
        "name": target.name,
        "kind": target.resource.plural,
        "uid": gone["metadata"]["uid"],
    }
    if target.resource.group:
        details["group"] = target.resource.group
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": details,
        "code": HTTPStatus.OK,
    }
