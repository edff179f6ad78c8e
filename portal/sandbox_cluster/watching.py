"""Watches: every change after a revision, as it happens, one JSON object a line."""

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from portal.sandbox_cluster import listing
from portal.sandbox_cluster.errors import StatusError
from portal.sandbox_cluster.requests import Target
from portal.sandbox_cluster.store import Change, Store

Object = dict[str, Any]

SHORTEST, LONGEST = 1_800, 3_600
"""How long a watch lasts that names no ``timeoutSeconds``."""
BOOKMARK_EVERY = 60.0
BOOKMARK_BEFORE_END = 2.0
INITIAL_EVENTS_END = "k8s.io/initial-events-end"


class Watch:
    """One watch: where it starts, what it selects, when it ends."""

    def __init__(self, store: Store, target: Target, query: Mapping[str, str]) -> None:
        self._store = store
        self._target = target
        self._selects: Callable[[Object], bool] = listing.selection(target, query)
        self._bookmarks = query.get("allowWatchBookmarks", "") in {"true", "1", "True"}
        given = query.get("resourceVersion", "")
        self._initial_end = query.get("sendInitialEvents", "") in {"true", "True"}
        self._from_scratch = given in {"", "0"} or self._initial_end
        self._revision = listing.read_revision(store, query)
        seconds = query.get("timeoutSeconds", "")
        self._seconds = float(seconds) if seconds.isdecimal() and int(seconds) else _some_time()

    async def lines(self) -> AsyncIterator[bytes]:
        """Stream until the time is over. A revision that is too old ends it with an ERROR."""
        ends_at = time.monotonic() + self._seconds
        next_bookmark = self._next_bookmark(ends_at, first=True)
        with self._store.listening() as changed:
            for line in self._present() if self._from_scratch else []:
                yield line
            while time.monotonic() < ends_at:
                changed.clear()
                try:
                    fresh = self._fresh()
                except StatusError as error:
                    yield _line("ERROR", error.as_json())
                    return
                for line in fresh:
                    yield line
                if time.monotonic() >= next_bookmark:
                    yield self._bookmark()
                    next_bookmark = self._next_bookmark(ends_at, first=False)
                await _wait(changed, min(ends_at, next_bookmark) - time.monotonic())

    def _fresh(self) -> list[bytes]:
        changes = self._store.since(self._revision)
        if changes:
            self._revision = changes[-1].revision
        told = (self._tell(change) for change in changes)
        return [line for line in told if line is not None]

    def _present(self) -> list[bytes]:
        """Everything that is there now, as ADDED."""
        store = self._store
        items = [each for each in store.all(self._target.resource) if self._selects(each)]
        self._revision = store.revision
        lines = [_line("ADDED", each) for each in items]
        if self._initial_end:
            lines.append(self._bookmark(initial=True))
        return lines

    def _tell(self, change: Change) -> bytes | None:
        """Say what a change is to this watch: an object may come into it or fall out of it."""
        if change.resource != self._target.resource.key:
            return None
        was = change.before is not None and self._selects(change.before)
        is_in = self._selects(change.object)
        if change.type == "DELETED":
            return _line("DELETED", change.object) if was else None
        if is_in:
            return _line("MODIFIED" if was else "ADDED", change.object)
        return _line("DELETED", change.object) if was else None

    def _next_bookmark(self, ends_at: float, *, first: bool) -> float:
        if not self._bookmarks:
            return float("inf")
        regular = time.monotonic() + BOOKMARK_EVERY
        last = ends_at - min(BOOKMARK_BEFORE_END, self._seconds / 2)
        if not first and last <= time.monotonic():
            return float("inf")
        return min(regular, last)

    def _bookmark(self, *, initial: bool = False) -> bytes:
        metadata: Object = {"resourceVersion": str(self._revision), "creationTimestamp": None}
        if initial:
            metadata["annotations"] = {INITIAL_EVENTS_END: "true"}
        resource = self._target.resource
        body = {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": metadata}
        return _line("BOOKMARK", body)


async def _wait(changed: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(max(0.0, seconds)):
            await changed.wait()
    except TimeoutError:
        pass


def _line(kind: str, body: Object) -> bytes:
    return json.dumps({"type": kind, "object": body}).encode() + b"\n"


def _some_time() -> float:
    return random.uniform(SHORTEST, LONGEST)  # noqa: S311 -- spreads reconnects, no secret
