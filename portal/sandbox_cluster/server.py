"""The running server: uvicorn, the controllers beside it, the state file under it."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn

from portal.sandbox_cluster import api, writing
from portal.sandbox_cluster.cluster import Cluster, Pace
from portal.sandbox_cluster.controllers.loop import Controllers
from portal.sandbox_cluster.resources import NAMESPACE
from portal.sandbox_cluster.snapshot import Snapshot

NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")
"""What every new cluster has."""
GRACE = 1
"""How long open watches may hold up the end of the server. Seconds."""


@dataclass(frozen=True)
class Settings:
    """How the server is started."""

    host: str = "127.0.0.1"
    port: int = 0
    state: Path | None = None
    token: str = field(default="", repr=False)
    certificate: Path | None = None
    key: Path | None = None
    pace: Pace = field(default_factory=Pace)


class _Serving(uvicorn.Server):
    """A uvicorn that says when it answers, and leaves signals to whoever started it.

    Its own handlers raise a signal again before the state is saved.
    """

    ready: Callable[[], None]

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self.ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        # What still hangs after the grace is cut off, and gets a moment to be closed.
        for connection in list(self.server_state.connections):
            transport: Any = connection.transport
            if transport is not None:
                transport.abort()
        await asyncio.sleep(0.01)


class Server:
    """One sandbox cluster. ``run`` serves until ``stop`` is called from any thread."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.cluster = Cluster(pace=settings.pace)
        self.snapshot = Snapshot(self.cluster.store, settings.state)
        self.snapshot.load()
        for name in NAMESPACES:
            if self.cluster.store.find(NAMESPACE, "", name) is None:
                body = {"metadata": {"name": name}}
                writing.create(self.cluster.store, NAMESPACE, body, "kube-apiserver")
        self.snapshot.keep_now()
        self.socket = _bind(settings.host, settings.port)
        application = api.build(self.cluster, self.snapshot, token=settings.token)
        config = uvicorn.Config(
            application,
            lifespan="off",
            log_level="critical",
            access_log=False,
            timeout_graceful_shutdown=GRACE,
            ssl_certfile=settings.certificate,
            ssl_keyfile=settings.key,
        )
        self._uvicorn = _Serving(config)

    @property
    def url(self) -> str:
        host, port = self.socket.getsockname()[:2]
        scheme = "https" if self.settings.certificate else "http"
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"

    async def run(self, ready: Callable[[str], None]) -> None:
        """Serve; ``ready`` gets the URL when requests are answered."""
        async with self._controllers():
            self._uvicorn.ready = partial(ready, self.url)
            await self._uvicorn.serve([self.socket])

    @asynccontextmanager
    async def _controllers(self) -> AsyncIterator[None]:
        running = asyncio.create_task(Controllers(self.cluster).run(self.snapshot))
        try:
            yield
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running
            self.snapshot.keep_now()

    def stop(self) -> None:
        self._uvicorn.should_exit = True


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP, or asyncio leaves Nagle's algorithm on and every answer is 40 ms late.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
        bound.listen(128)
    except OSError:
        bound.close()
        raise
    return bound
