"""Create, replace, patch and apply: what a write does, from the body to the stored object."""

from typing import Any

from portal.sandbox_cluster import apply, errors, patches, pod_validation, validation, writing
from portal.sandbox_cluster.controllers import garbage
from portal.sandbox_cluster.controllers.replica_sets import suffix
from portal.sandbox_cluster.managers import UPDATE, Manager, after_update
from portal.sandbox_cluster.requests import Options, Target, name_it
from portal.sandbox_cluster.resources import NAMESPACE
from portal.sandbox_cluster.store import Store, now

Object = dict[str, Any]

MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"


def create(store: Store, target: Target, body: Object, options: Options) -> Object:
    body = apply.without_nulls(body)
    resource, metadata = target.resource, body["metadata"]
    if metadata.get("resourceVersion"):
        raise errors.bad_request("resourceVersion should not be set on objects to be created")
    if not metadata.get("name"):
        if not metadata.get("generateName"):
            cause = validation.required("metadata.name", "name or generateName is required")
            raise errors.invalid(resource, "", [cause])
        metadata["name"] = metadata["generateName"] + suffix()
    for name in ("uid", "creationTimestamp", "deletionTimestamp", "managedFields", "generation"):
        metadata.pop(name, None)
    if resource.has_status:
        body.pop("status", None)
    pod_validation.check_types(resource, body)
    created = writing.prepared(resource, body)
    manager = Manager(UPDATE, options.manager)
    after_update(None, created, manager, resource.api_version, custom=resource.custom)
    return _store_new(store, target, created, options)


def _store_new(store: Store, target: Target, created: Object, options: Options) -> Object:
    """Check and keep a new object; a dry run answers it without keeping it."""
    _check_namespace(store, target)
    validation.check(target.resource, created)
    metadata = created["metadata"]
    if store.find(target.resource, metadata.get("namespace", ""), metadata["name"]) is not None:
        raise errors.already_exists(target.resource, metadata["name"])
    if options.dry_run:
        scratch = Store()
        dry = scratch.create(target.resource, created)
        del dry["metadata"]["resourceVersion"]
        return dry
    return store.create(target.resource, created)


def _check_namespace(store: Store, target: Target) -> None:
    if not target.resource.namespaced:
        return
    namespace = store.get(NAMESPACE, "", target.namespace)
    if "deletionTimestamp" in namespace["metadata"]:
        raise errors.forbidden(
            f"{target.resource.qualified} is forbidden: unable to create new content in namespace "
            f"{target.namespace} because it is being terminated"
        )


def replace(store: Store, target: Target, body: Object, options: Options) -> Object:
    live = store.get(target.resource, target.namespace, target.name)
    if target.resource.custom and not body["metadata"].get("resourceVersion"):
        cause = validation.wrong("metadata.resourceVersion", 0, "must be specified for an update")
        raise errors.invalid(target.resource, target.name, [cause])
    return _write(store, target, live, body, options)


def patch(
    store: Store, target: Target, content_type: str, body: Object, options: Options
) -> tuple[Object, bool]:
    """Patch or apply. Answer the object, and whether it is new."""
    if content_type == APPLY_PATCH:
        return _apply(store, target, body, options)
    live = store.get(target.resource, target.namespace, target.name)
    if content_type == STRATEGIC_PATCH and target.resource.custom:
        raise errors.unsupported_media_type(content_type, [MERGE_PATCH, APPLY_PATCH])
    merging = patches.strategic if content_type == STRATEGIC_PATCH else patches.merge
    merged = merging(live, body)
    name_it(target, merged)
    return _write(store, target, live, merged, options), False


def _apply(store: Store, target: Target, body: Object, options: Options) -> tuple[Object, bool]:
    resource = target.resource
    if body["metadata"].get("managedFields"):
        raise errors.bad_request("metadata.managedFields must be nil")
    pod_validation.check_types(resource, body)
    pod_validation.check_typed_patch(resource, body)
    body = _only(body, target)
    live = store.find(resource, target.namespace, target.name)
    if live is None and target.subresource:
        raise errors.not_found(resource, target.name)
    if live is not None:
        _check_preconditions(target, live, body["metadata"])
    applied = apply.apply(
        live,
        body,
        apply.Applying(
            manager=options.manager,
            api_version=resource.api_version,
            force=options.force,
            custom=resource.custom,
            subresource=target.subresource,
        ),
    )
    pod_validation.check_types(resource, applied)
    if live is None:
        return _store_new(store, target, writing.prepared(resource, applied), options), True
    changed = writing.succeeding(resource, live, applied)
    validation.check(resource, changed, live)
    return _keep(store, target, changed, options), False


def _only(body: Object, target: Target) -> Object:
    """Keep what may be applied here: all but the status, or the status alone."""
    if target.subresource:
        kept = ("apiVersion", "kind", "metadata", "status")
        return {name: value for name, value in body.items() if name in kept}
    if target.resource.has_status:
        return {name: value for name, value in body.items() if name != "status"}
    return body


def _check_preconditions(target: Target, live: Object, metadata: Object) -> None:
    wanted = metadata.get("resourceVersion")
    if wanted and wanted != live["metadata"]["resourceVersion"]:
        raise errors.modified_meanwhile(target.resource, target.name)
    uid = metadata.get("uid")
    if uid and uid != live["metadata"]["uid"]:
        raise errors.precondition_failed(
            target.resource, target.name, "UID", uid, live["metadata"]["uid"]
        )


def _write(store: Store, target: Target, live: Object, wanted: Object, options: Options) -> Object:
    """Take over what the target may change from ``wanted``, check it and keep it."""
    resource = target.resource
    wanted = apply.without_nulls(wanted)
    pod_validation.check_types(resource, wanted)
    _check_preconditions(target, live, wanted["metadata"])
    after = {**live, **wanted}
    for name in set(live) - set(wanted):
        del after[name]
    if target.subresource:
        after = {**live, "metadata": dict(live["metadata"])}
        after["status"] = wanted.get("status", {})
    elif resource.has_status:
        after.pop("status", None)
        if "status" in live:
            after["status"] = live["status"]
    after = writing.succeeding(resource, live, after)
    validation.check(resource, after, live)
    manager = Manager(UPDATE, options.manager, target.subresource)
    after_update(live, after, manager, resource.api_version, custom=resource.custom)
    return _keep(store, target, after, options)


def _keep(store: Store, target: Target, after: Object, options: Options) -> Object:
    if options.dry_run:
        return after
    return garbage.finish(store, target.resource, after)


def delete_namespace(store: Store, live: Object) -> Object:
    """Begin to remove a namespace; a controller empties it first."""
    if "deletionTimestamp" in live["metadata"]:
        return live
    metadata = {**live["metadata"], "deletionTimestamp": now()}
    going = {**live, "metadata": metadata, "status": {"phase": "Terminating"}}
    return store.update(NAMESPACE, going)
