"""Event objects: what the controllers and the nodes say about what they do."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from portal.sandbox_cluster import writing
from portal.sandbox_cluster.resources import EVENT, Resource
from portal.sandbox_cluster.store import Store, now

Object = dict[str, Any]
KEPT = timedelta(hours=1)
"""As the real API server keeps them."""


def emit(
    store: Store,
    resource: Resource,
    about: Object,
    reason: str,
    message: str,
    *,
    source: str = "kubelet",
    warning: bool = False,
) -> None:
    """Tell something about an object; the same again only counts up."""
    metadata = about["metadata"]
    namespace = metadata.get("namespace") or "default"
    present = now()
    told = f"{metadata['uid']} {source} {reason} {message}".encode()
    name = f"{metadata['name']}.{hashlib.sha256(told).hexdigest()[:16]}"
    known = store.find(EVENT, namespace, name)
    if known is not None:
        again = {**known, "count": known["count"] + 1, "lastTimestamp": present}
        writing.update(store, EVENT, known, again, source)
        return
    body: Object = {
        "metadata": {"name": name, "namespace": namespace},
        "involvedObject": {
            "apiVersion": resource.api_version,
            "kind": resource.kind,
            "name": metadata["name"],
            "namespace": namespace,
            "uid": metadata["uid"],
            "resourceVersion": metadata["resourceVersion"],
        },
        "type": "Warning" if warning else "Normal",
        "reason": reason,
        "message": message,
        "count": 1,
        "firstTimestamp": present,
        "lastTimestamp": present,
        "eventTime": None,
        "source": {"component": source},
        "reportingComponent": source,
        "reportingInstance": "",
    }
    writing.create(store, EVENT, body, source)


def expire(store: Store) -> None:
    """Remove the events that are older than an hour."""
    oldest = (datetime.now(UTC) - KEPT).strftime("%Y-%m-%dT%H:%M:%SZ")
    for event in store.all(EVENT):
        if event.get("lastTimestamp") and event["lastTimestamp"] < oldest:
            store.remove(EVENT, event["metadata"]["namespace"], event["metadata"]["name"])
