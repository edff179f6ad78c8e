"""The loop that runs the controllers whenever something changed or falls due."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Any

from portal.sandbox_cluster.cluster import Cluster
from portal.sandbox_cluster.controllers import deployments, events, garbage, replica_sets
from portal.sandbox_cluster.controllers.nodes import Node
from portal.sandbox_cluster.resources import DEPLOYMENT, REPLICA_SET
from portal.sandbox_cluster.snapshot import Snapshot

Object = dict[str, Any]
logger = logging.getLogger(__name__)

IDLE = 1.0
"""How often to look even if nothing changed: deadlines pass without an event. Seconds."""
ROUNDS = 20
"""How many rounds in a row before the API gets its turn."""


class Controllers:
    """Every controller, in turn, over the whole cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.node = Node(cluster)
        self._stumbled: dict[str, str] = {}

    def settle(self) -> None:
        """Run the controllers until none of them has anything more to do at this moment."""
        store = self.cluster.store
        for _ in range(ROUNDS):
            before = store.revision
            garbage.empty_namespaces(store)
            garbage.collect(store)
            self._reconcile(deployments.reconcile, store.all(DEPLOYMENT))
            self._reconcile(replica_sets.reconcile, store.all(REPLICA_SET))
            self.node.step()
            if store.revision == before:
                return

    def _reconcile(
        self, reconcile: Callable[[Cluster, Object], None], objects: Iterable[Object]
    ) -> None:
        """Run one controller. What it stumbles over is left alone until it is changed."""
        for body in objects:
            uid, revision = body["metadata"]["uid"], body["metadata"]["resourceVersion"]
            if self._stumbled.get(uid) == revision:
                continue
            try:
                reconcile(self.cluster, body)
            except Exception:
                # One bad object must not stop every other one.
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
