"""Removal of what is left over: dependents without an owner, namespaces that are going."""

from typing import Any

from portal.sandbox_cluster import writing
from portal.sandbox_cluster.resources import BY_KEY, NAMESPACE, POD, Resource
from portal.sandbox_cluster.store import Store

Object = dict[str, Any]
FOREGROUND = "foregroundDeletion"
ORPHAN = "orphan"


def collect(store: Store) -> None:
    """Remove whatever has lost every owner, and finish what waits for its dependents."""
    everything = [
        (BY_KEY[key], body) for key in list(store.objects) for body in store.all(BY_KEY[key])
    ]
    alive = {body["metadata"]["uid"] for _, body in everything}
    for resource, body in everything:
        references = body["metadata"].get("ownerReferences")
        if references and not any(each["uid"] in alive for each in references):
            remove(store, resource, body)
        elif set(body["metadata"].get("finalizers") or []) & {FOREGROUND, ORPHAN}:
            _finish_owner(store, resource, body)


def _finish_owner(store: Store, resource: Resource, owner: Object) -> None:
    dependents = [(kind, body) for kind in BY_KEY.values() for body in store.owned_by(kind, owner)]
    finalizers = owner["metadata"]["finalizers"]
    if ORPHAN in finalizers:
        for kind, body in dependents:
            _disown(store, kind, body, owner)
    elif dependents:
        for kind, body in dependents:
            remove(store, kind, body)
        return
    left = [each for each in finalizers if each not in {FOREGROUND, ORPHAN}]
    metadata = {**owner["metadata"], "finalizers": left}
    finish(store, resource, {**owner, "metadata": metadata})


def _disown(store: Store, resource: Resource, body: Object, owner: Object) -> None:
    present = store.find(resource, body["metadata"].get("namespace", ""), body["metadata"]["name"])
    if present is None:
        return
    references = [
        each
        for each in present["metadata"]["ownerReferences"]
        if each["uid"] != owner["metadata"]["uid"]
    ]
    metadata = {**present["metadata"], "ownerReferences": references}
    store.update(resource, {**present, "metadata": metadata})


def remove(store: Store, resource: Resource, body: Object) -> None:
    """Delete in the background: pods are stopped by their node, the rest goes at once."""
    metadata = body["metadata"]
    present = store.find(resource, metadata.get("namespace", ""), metadata["name"])
    if present is None:
        return
    if resource == POD or present["metadata"].get("finalizers"):
        writing.begin_deletion(store, resource, present)
    else:
        store.remove(resource, metadata.get("namespace", ""), metadata["name"])


def finish(store: Store, resource: Resource, body: Object) -> Object:
    """Write an object that is going; with its last finalizer gone it is removed."""
    metadata = body["metadata"]
    updated = store.update(resource, body)
    going = "deletionTimestamp" in metadata and resource not in {POD, NAMESPACE}
    if going and not metadata.get("finalizers"):
        return store.remove(resource, metadata.get("namespace", ""), metadata["name"])
    return updated


def empty_namespaces(store: Store) -> None:
    """Remove what is in a namespace that is going, then the namespace."""
    for namespace in store.all(NAMESPACE):
        if "deletionTimestamp" not in namespace["metadata"]:
            continue
        name = namespace["metadata"]["name"]
        left = [
            (resource, body)
            for key in list(store.objects)
            if (resource := BY_KEY[key]).namespaced
            for body in store.all(resource, name)
        ]
        for resource, body in left:
            remove(store, resource, body)
        if not left:
            store.remove(NAMESPACE, "", name)
