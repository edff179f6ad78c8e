"""A closed-loop HTTP client: so many connections, each asks again as soon as it was answered.

Plain sockets and one thread: the client shares the machine with the server, so it must cost little.
"""

import selectors
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

CLIENTS = 8
_END = b"\r\n\r\n"
_LENGTH = b"\r\ncontent-length:"


@dataclass(frozen=True)
class Request:
    """One request, as the bytes that go over the wire."""

    path: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def wire(self) -> bytes:
        """Return the bytes."""
        lines = [f"{self.method} {self.path} HTTP/1.1", "Host: localhost"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        if self.body:
            lines += ["Content-Type: application/json", f"Content-Length: {len(self.body)}"]
        return "\r\n".join(lines).encode() + _END + self.body


@dataclass
class Load:
    """What one burst of requests showed; times in seconds."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds

    def percentile(self, percent: int) -> float:
        """Return the latency that so many percent of the answers kept within."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


class WrongAnswer(RuntimeError):
    """The server answered something else: what was measured would be worth nothing."""


@dataclass
class _Connection:
    socket: socket.socket
    requests: Iterator[bytes]
    expect: int
    asked_at: float = 0.0
    seen: bytes = b""
    missing: int = -1
    """Bytes that the answer still lacks; -1 before its head is complete."""

    def ask(self) -> None:
        self.seen, self.missing = b"", -1
        request = next(self.requests)
        self.asked_at = time.perf_counter()
        self.socket.sendall(request)

    def take(self) -> bool:
        """Read what is there; say whether the answer is complete."""
        block = self.socket.recv(262_144)
        if not block:
            raise WrongAnswer(f"The server hung up after {self.seen[:200]!r}.")
        if self.missing >= 0:
            self.missing -= len(block)
        else:
            self.seen += block
            self._read_head()
        return self.missing == 0

    def _read_head(self) -> None:
        end = self.seen.find(_END)
        if end < 0:
            return
        head = self.seen[:end].lower()
        status = int(head[9:12])
        if status != self.expect:
            raise WrongAnswer(f"{status} instead of {self.expect}: {self.seen[:1500]!r}")
        at = head.find(_LENGTH)
        length = int(head[at + len(_LENGTH) :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        self.missing = length - (len(self.seen) - end - len(_END))


def drive(
    port: int,
    requests: Callable[[int], Iterator[bytes]],
    *,
    seconds: float,
    clients: int = CLIENTS,
    expect: int = 200,
) -> Load:
    """Ask for ``seconds`` and return what came of it.

    Args:
        requests: given a client's number, yields its requests; they need not end.
        expect: the status of every answer.

    Raises:
        WrongAnswer: the server answered something else.
    """
    load = Load()
    with selectors.DefaultSelector() as waiting:
        connections = [
            _Connection(_connected(port), requests(number), expect) for number in range(clients)
        ]
        began = time.perf_counter()
        for connection in connections:
            waiting.register(connection.socket, selectors.EVENT_READ, connection)
            connection.ask()
        _loop(waiting, load, until=began + seconds, open_ones=clients)
        load.seconds = time.perf_counter() - began
        for connection in connections:
            connection.socket.close()
    return load


def _loop(waiting: selectors.BaseSelector, load: Load, *, until: float, open_ones: int) -> None:
    while open_ones:
        for key, _ in waiting.select():
            connection: _Connection = key.data
            if not connection.take():
                continue
            now = time.perf_counter()
            load.latencies.append(now - connection.asked_at)
            if now < until:
                connection.ask()
            else:
                waiting.unregister(connection.socket)
                open_ones -= 1


def _connected(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=30)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def always(request: Request) -> Callable[[int], Iterator[bytes]]:
    """Return what makes every client ask the same again and again."""
    wire = request.wire()

    def requests(_number: int) -> Iterator[bytes]:
        while True:
            yield wire

    return requests
