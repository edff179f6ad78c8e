"""One Valkey server: its configuration and its command line."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

import redis

from portal.embedded.binaries import valkey_binary
from portal.embedded.errors import CannotStart

BROKER, CACHE = 0, 1
"""The database numbers: clearing the cache must not empty the queues."""


@dataclass(frozen=True)
class ValkeyServer:
    """A server on loopback, with its data in ``data``."""

    data: Path
    port: int
    password: str
    durable: bool = True

    @property
    def configuration(self) -> Path:
        """The file that keeps the password out of the process table (0600)."""
        return self.data / "valkey.conf"

    def configure(self) -> None:
        """Write the configuration file."""
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        lines = [
            "bind 127.0.0.1",
            f"port {self.port}",
            f"requirepass {self.password}",
            f'dir "{self.data}"',
            f"appendonly {'yes' if self.durable else 'no'}",
            "appendfsync everysec",
            'save ""',
            # A full broker refuses messages; it does not drop old ones to make room.
            "maxmemory-policy noeviction",
            "databases 64",
            "loglevel warning",
        ]
        self.configuration.touch(mode=0o600)
        self.configuration.write_text("\n".join(lines) + "\n")

    def command(self) -> list[str]:
        """Return the command line of the server."""
        return [os.fspath(valkey_binary()), os.fspath(self.configuration)]

    def url(self, number: int) -> str:
        """Return the address of database ``number``."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/{number}"

    def wait_until_ready(self, seconds: float = 30) -> None:
        """Return as soon as the server answers with its data loaded.

        Raises:
            CannotStart: it did not within ``seconds``.
        """
        deadline = time.monotonic() + seconds
        with redis.Redis.from_url(self.url(BROKER), socket_timeout=2) as client:
            while True:
                try:
                    client.ping()
                except redis.RedisError as error:
                    if time.monotonic() > deadline:
                        raise CannotStart(
                            f"Valkey did not start within {seconds:.0f} s: {error}"
                        ) from error
                else:
                    return
                time.sleep(0.05)
