"""Writes, with everything that every write does: defaults, generation, field ownership."""

from typing import Any

from portal.sandbox_cluster import defaults
from portal.sandbox_cluster.managers import UPDATE, Manager, after_update
from portal.sandbox_cluster.objects import clone
from portal.sandbox_cluster.resources import EVENT, NAMESPACE, Resource
from portal.sandbox_cluster.store import Store, now

Object = dict[str, Any]

CONTROLLER = "kube-controller-manager"
NODE = "kubelet"


def create(store: Store, resource: Resource, body: Object, who: str) -> Object:
    """Create an object that ``who`` then owns all of."""
    created = prepared(resource, body)
    after_update(None, created, Manager(UPDATE, who), resource.api_version, custom=resource.custom)
    return store.create(resource, created)


def prepared(resource: Resource, body: Object) -> Object:
    """Copy a new object and fill in what the server sets."""
    created = clone(body)
    created["apiVersion"], created["kind"] = resource.api_version, resource.kind
    if resource not in {EVENT, NAMESPACE}:
        created["metadata"]["generation"] = 1
    defaults.fill_in(resource, created)
    return created


def update(store: Store, resource: Resource, before: Object, after: Object, who: str) -> Object:
    """Replace an object by ``who``; the generation counts the changes of its spec."""
    after = succeeding(resource, before, after)
    manager = Manager(UPDATE, who)
    after_update(before, after, manager, resource.api_version, custom=resource.custom)
    return store.update(resource, after)


def succeeding(resource: Resource, before: Object, after: Object) -> Object:
    """Copy a changed object and carry over what only the server sets."""
    changed = clone(after)
    old, new = before["metadata"], changed["metadata"]
    for name in ("uid", "creationTimestamp", "generation", "deletionTimestamp", "generateName"):
        if name in old:
            new[name] = old[name]
        else:
            new.pop(name, None)
    new["resourceVersion"] = old["resourceVersion"]
    defaults.fill_in(resource, changed)
    if "generation" in old and before.get("spec") != changed.get("spec"):
        new["generation"] = old["generation"] + 1
    return changed


def update_status(
    store: Store, resource: Resource, before: Object, status: Object, who: str = CONTROLLER
) -> Object:
    """Replace an object's status, and nothing else of it."""
    after = {**before, "metadata": dict(before["metadata"]), "status": clone(status)}
    if before.get("status") == status:
        return before
    manager = Manager(UPDATE, who, "status")
    after_update(before, after, manager, resource.api_version, custom=resource.custom)
    return store.update(resource, after)


def owner_of(body: Object, resource: Resource) -> Object:
    """Write the controller reference that makes ``body`` the owner of something."""
    return {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "name": body["metadata"]["name"],
        "uid": body["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def begin_deletion(
    store: Store, resource: Resource, body: Object, *, grace: int | None = None
) -> Object:
    """Mark an object as going; what finishes it (a node, a finalizer's owner) removes it."""
    if "deletionTimestamp" in body["metadata"]:
        return body
    metadata = {**body["metadata"], "deletionTimestamp": now()}
    if grace is None:
        grace = (body.get("spec") or {}).get("terminationGracePeriodSeconds", 0)
    metadata["deletionGracePeriodSeconds"] = grace
    return store.update(resource, {**body, "metadata": metadata})
