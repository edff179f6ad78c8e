"""A PostgreSQL and a Valkey for one test session, gone without a trace when it ends or dies."""

import os
import shlex
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from portal.embedded.ports import free_port
from portal.embedded.postgres import PostgresServer
from portal.embedded.unprivileged import postgres_identity
from portal.embedded.valkey import ValkeyServer

# Ends the servers when the write end of its standard input closes: also when pytest is killed.
_WATCH = "cat >/dev/null; kill -QUIT {postgres}; kill -KILL {valkey}; sleep 0.2; rm -rf {places}"


@dataclass(frozen=True)
class Services:
    home: Path
    postgres: PostgresServer
    valkey: ValkeyServer
    processes: list[subprocess.Popen]
    watcher: subprocess.Popen

    @classmethod
    def start(cls) -> "Services":
        home = Path(tempfile.mkdtemp(prefix="gatehouse-tests-"))
        identity = postgres_identity()
        postgres = PostgresServer(
            data=identity.data_directory(home),
            sockets=identity.socket_directory(home),
            durable=False,
        )
        valkey = ValkeyServer(home / "valkey", free_port(), "only-for-tests", durable=False)
        postgres.initialise()
        valkey.configure()
        with (home / "postgres.log").open("wb") as log:
            server = subprocess.Popen(postgres.command(), stderr=log, start_new_session=True)
        with (home / "valkey.log").open("wb") as log:
            broker = subprocess.Popen(valkey.command(), stdout=log, start_new_session=True)
        places = {str(home), str(postgres.sockets), str(postgres.data.parent)}
        watch = _WATCH.format(
            postgres=server.pid, valkey=broker.pid, places=" ".join(map(shlex.quote, places))
        )
        watcher = subprocess.Popen(
            ["sh", "-c", watch], stdin=subprocess.PIPE, start_new_session=True
        )
        postgres.wait_until_ready()
        valkey.wait_until_ready()
        return cls(home, postgres, valkey, [server, broker], watcher)

    def announce(self) -> None:
        """Tell this process, its pytest-xdist workers and their children where the servers are."""
        os.environ["TEST_HOME"] = str(self.home)
        os.environ["TEST_POSTGRES_SOCKETS"] = str(self.postgres.sockets)
        os.environ["TEST_VALKEY_URL"] = self.valkey.url(0).rpartition("/")[0]

    def stop(self) -> None:
        self.watcher.stdin.close()
        for process in (*self.processes, self.watcher):
            process.wait(timeout=30)
