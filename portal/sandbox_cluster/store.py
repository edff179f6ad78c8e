"""Every object of the cluster, under one revision counter, with the history that watches read.

Stored objects are never changed in place: a write replaces the object, so that a reader, a watch
and the history may share it. All of it runs on one event loop; nothing here needs a lock.
"""

import asyncio
import uuid
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from portal.sandbox_cluster import errors
from portal.sandbox_cluster.objects import clone
from portal.sandbox_cluster.resources import Resource

Object = dict[str, Any]
Key = tuple[str, str]
"""Namespace (empty for cluster-wide kinds) and name."""

HISTORY = 5_000
"""How many changes a watch can go back; a real cluster compacts after five minutes."""


@dataclass(frozen=True)
class Change:
    """One write: ``ADDED``, ``MODIFIED`` or ``DELETED``, the object after it and before it."""

    revision: int
    type: str
    resource: str
    key: Key
    object: Object
    before: Object | None


def now() -> str:
    """The time as objects carry it: UTC, whole seconds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def owner_uids(body: Object) -> list[str]:
    return [each["uid"] for each in body["metadata"].get("ownerReferences") or []]


class Store:
    """The objects and their history."""

    def __init__(self, *, history: int = HISTORY) -> None:
        self.revision = 1
        self.compacted = 1
        """A watch from an earlier revision than this is refused with 410."""
        self.objects: dict[str, dict[Key, Object]] = {}
        self.changes: deque[Change] = deque()
        self._history = history
        self._dependents: dict[str, dict[tuple[str, Key], None]] = {}
        self._listeners: set[asyncio.Event] = set()

    # Reading

    def find(self, resource: Resource, namespace: str, name: str) -> Object | None:
        return self.objects.get(resource.key, {}).get((namespace, name))

    def get(self, resource: Resource, namespace: str, name: str) -> Object:
        found = self.find(resource, namespace, name)
        if found is None:
            raise errors.not_found(resource, name)
        return found

    def all(self, resource: Resource, namespace: str = "") -> list[Object]:
        """List a kind in the order of the keys; every namespace if none is named."""
        kept = self.objects.get(resource.key, {})
        return [kept[key] for key in sorted(kept) if namespace in {"", key[0]}]

    def owned_by(self, resource: Resource, owner: Object) -> list[Object]:
        """List the objects of a kind that name ``owner`` as an owner, in the order of the keys."""
        kept = self.objects.get(resource.key, {})
        places = self._dependents.get(owner["metadata"]["uid"], {})
        return [kept[key] for kind, key in sorted(places) if kind == resource.key]

    def index(self) -> None:
        """Find out anew who owns what, after the objects were replaced as a whole."""
        self._dependents.clear()
        for kind, kept in self.objects.items():
            for key, body in kept.items():
                self._own(kind, key, body)

    def _own(self, kind: str, key: Key, body: Object) -> None:
        for uid in owner_uids(body):
            self._dependents.setdefault(uid, {})[kind, key] = None

    def _disown(self, kind: str, key: Key, body: Object) -> None:
        for uid in owner_uids(body):
            self._dependents.get(uid, {}).pop((kind, key), None)

    def all_at(self, resource: Resource, namespace: str, revision: int) -> list[Object]:
        """List a kind as it was at ``revision``, by undoing what came after.

        Raise 410 when the history does not go back that far.
        """
        if revision < self.compacted:
            raise errors.expired(
                "The provided continue parameter is too old to display a consistent list result. "
                "You can start a new list without the continue parameter."
            )
        kept = dict(self.objects.get(resource.key, {}))
        for change in reversed(self.changes):
            if change.revision <= revision:
                break
            if change.resource != resource.key:
                continue
            if change.before is None:
                kept.pop(change.key, None)
            else:
                kept[change.key] = change.before
        return [kept[key] for key in sorted(kept) if namespace in {"", key[0]}]

    def since(self, revision: int) -> list[Change]:
        """Read what happened after ``revision``, or refuse with 410."""
        if revision < self.compacted:
            raise errors.expired(f"too old resource version: {revision} ({self.compacted})")
        newer = []
        for change in reversed(self.changes):
            if change.revision <= revision:
                break
            newer.append(change)
        return newer[::-1]

    # Writing

    def create(self, resource: Resource, body: Object) -> Object:
        created = clone(body)
        metadata = created["metadata"]
        key = (metadata.get("namespace", ""), metadata["name"])
        if key in self.objects.setdefault(resource.key, {}):
            raise errors.already_exists(resource, metadata["name"])
        metadata.setdefault("uid", str(uuid.uuid4()))
        metadata.setdefault("creationTimestamp", now())
        self._put("ADDED", resource, key, created, None)
        return created

    def update(self, resource: Resource, body: Object) -> Object:
        """Replace an object; writing what is there already makes no new revision."""
        metadata = body["metadata"]
        key = (metadata.get("namespace", ""), metadata["name"])
        before = self.get(resource, *key)
        if _same(before, body):
            return before
        updated = clone(body)
        self._put("MODIFIED", resource, key, updated, before)
        return updated

    def remove(self, resource: Resource, namespace: str, name: str) -> Object:
        before = self.get(resource, namespace, name)
        del self.objects[resource.key][namespace, name]
        gone = clone(before)
        self._record("DELETED", resource, (namespace, name), gone, before)
        return gone

    def _put(
        self, kind: str, resource: Resource, key: Key, body: Object, before: Object | None
    ) -> None:
        self.objects[resource.key][key] = body
        self._record(kind, resource, key, body, before)

    def _record(
        self, kind: str, resource: Resource, key: Key, body: Object, before: Object | None
    ) -> None:
        self.revision += 1
        if before is not None:
            self._disown(resource.key, key, before)
        if kind != "DELETED":
            self._own(resource.key, key, body)
        body["metadata"]["resourceVersion"] = str(self.revision)
        self.changes.append(Change(self.revision, kind, resource.key, key, body, before))
        while len(self.changes) > self._history:
            self.compacted = self.changes.popleft().revision
        self.wake()

    def compact(self) -> None:
        """Forget the history, as etcd does by and by: a watch from before now is refused."""
        self.changes.clear()
        self.compacted = self.revision

    # Waiting

    def wake(self) -> None:
        """Let everybody who listens look again."""
        for listener in self._listeners:
            listener.set()

    @contextmanager
    def listening(self) -> Iterator[asyncio.Event]:
        """Give an event that is set on every change."""
        listener = asyncio.Event()
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)


def _same(before: Object, after: Object) -> bool:
    return _without_revision(before) == _without_revision(after)


def _without_revision(body: Object) -> Object:
    metadata = {k: v for k, v in body["metadata"].items() if k != "resourceVersion"}
    metadata["managedFields"] = [
        {k: v for k, v in entry.items() if k != "time"}
        for entry in metadata.get("managedFields", [])
    ]
    return {**body, "metadata": metadata}
