"""The loop that runs the controllers whenever something changed or falls due."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from portal.sandbox_cluster.cluster import Cluster
from portal.sandbox_cluster.controllers import (
    deployments,
    events,
    garbage,
    inference_services,
    replica_sets,
)
from portal.sandbox_cluster.controllers.nodes import Node
from portal.sandbox_cluster.resources import DEPLOYMENT, INFERENCE_SERVICE, REPLICA_SET, Resource
from portal.sandbox_cluster.snapshot import Snapshot
from portal.sandbox_cluster.store import owner_uids

Object = dict[str, Any]
Reconcile = Callable[[Cluster, Object], None]
logger = logging.getLogger(__name__)

IDLE = 1.0
"""How often to look even if nothing changed: deadlines pass without an event. Seconds."""
ROUNDS = 20
"""How many rounds in a row before the API gets its turn."""


@dataclass
class Touched:
    """What has changed: the objects and their owners, and whether something is going."""

    uids: set[str] = field(default_factory=set)
    is_going: bool = False


def _uid(body: Object) -> str:
    return str(body["metadata"]["uid"])


def _is_going(body: Object) -> bool:
    return "deletionTimestamp" in body["metadata"]


CONTROLLERS: tuple[tuple[Reconcile, Resource], ...] = (
    (inference_services.reconcile, INFERENCE_SERVICE),
    (deployments.reconcile, DEPLOYMENT),
    (replica_sets.reconcile, REPLICA_SET),
)


class Controllers:
    """Every controller, in turn, over the whole cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.node = Node(cluster)
        self._stumbled: dict[str, str] = {}
        self._seen = 0
        self._full_at = 0.0

    def settle(self) -> None:
        """Run the controllers until none of them has anything more to do at this moment.

        Each looks at what was touched since it looked last, and once a second at everything.
        """
        store = self.cluster.store
        for _ in range(ROUNDS):
            before = store.revision
            touched = self._touched()
            garbage.empty_namespaces(store)
            if touched is None or touched.is_going:
                garbage.collect(store)
            for reconcile, resource in CONTROLLERS:
                listed = store.all(resource)
                self._reconcile(
                    reconcile,
                    [each for each in listed if touched is None or _uid(each) in touched.uids],
                )
            self.node.step()
            if store.revision == before:
                return

    def _touched(self) -> "Touched | None":
        """Collect what has changed, and whose it is; ``None`` stands for everything."""
        store, present = self.cluster.store, self.cluster.clock()
        seen, self._seen = self._seen, store.revision
        if seen < store.compacted or present >= self._full_at:
            self._full_at = present + IDLE
            return None
        touched = Touched()
        for change in store.since(seen):
            touched.is_going |= change.type == "DELETED" or _is_going(change.object)
            touched.uids |= {_uid(change.object), *owner_uids(change.object)}
        for resource in (REPLICA_SET, DEPLOYMENT):
            for owned in store.all(resource):
                if _uid(owned) in touched.uids:
                    touched.uids |= set(owner_uids(owned))
        return touched

    def _reconcile(self, reconcile: Reconcile, objects: Iterable[Object]) -> None:
        """Run one controller. What it stumbles over is left alone until it is changed."""
        for body in objects:
            uid, revision = body["metadata"]["uid"], body["metadata"]["resourceVersion"]
            if self._stumbled.get(uid) == revision:
                continue
            try:
                reconcile(self.cluster, body)
            except Exception:  # one bad object must not stop every other one
                logger.exception("A controller stumbled over %s", body["metadata"]["name"])
                self._stumbled[uid] = revision

    def seconds_to_next(self) -> float:
        due = self.node.next_due()
        if due is None or self.cluster.paused:
            return IDLE
        return min(IDLE, max(0.0, due - self.cluster.clock()))

    async def run(self, snapshot: Snapshot) -> None:
        """Run until cancelled."""
        with self.cluster.store.listening() as changed:
            while True:
                changed.clear()
                if not self.cluster.paused:
                    self.settle()
                    events.expire(self.cluster.store)
                    await snapshot.keep()
                try:
                    async with asyncio.timeout(self.seconds_to_next()):
                        await changed.wait()
                except TimeoutError:
                    pass
