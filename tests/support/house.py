"""The whole portal in processes of its own, so that any of them may be killed: servers, web, worker, beat.

Its servers are nobody else's: what a test does to it happens to no other test's server.
"""

import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import httpx
import psycopg
import redis

from portal.embedded.layout import socket_directory
from portal.embedded.ports import free_port
from portal.embedded.postgres import PostgresServer
from portal.embedded.unprivileged import postgres_identity
from portal.embedded.valkey import ValkeyServer

CHECKOUT = Path(__file__).resolve().parent.parent.parent
DATABASE = "test_main"
"""As portal/settings/test.py calls it outside pytest-xdist's workers."""

# Ends everything when the write end of its standard input closes: also when pytest is killed.
_WATCH = (
    "cat >/dev/null; for pid in {home}/pids/*; do kill -KILL -- -$(basename $pid); done 2>/dev/null; "
    "sleep 0.3; rm -rf {places}"
)
_QUIET = ["-W", "ignore:You're running the worker with superuser privileges"]


@dataclass
class House:
    """``kill(name)``, ``start(name)``: postgres, valkey, cluster, web, worker, another, beat."""

    home: Path
    postgres: PostgresServer
    valkey: ValkeyServer
    port: int
    cluster_port: int
    processes: dict[str, subprocess.Popen] = field(default_factory=dict)
    pipes: list[subprocess.Popen] = field(default_factory=list)
    told: dict[str, int] = field(default_factory=dict)
    """How long each one's log was when it was started."""

    @classmethod
    def at_a_new_place(cls) -> "House":
        """Nothing runs yet but the watcher; `close()` ends what was started."""
        home = Path(tempfile.mkdtemp(prefix="gatehouse-house-"))
        (home / "pids").mkdir()
        # What the portal commits is with the operating system then (synchronous_commit is its own):
        # it outlives every process, and the machine is not part of these tests.
        postgres = PostgresServer(
            data=postgres_identity().data_directory(home),
            sockets=socket_directory(home),
            durable=False,
        )
        valkey = ValkeyServer(home / "valkey", free_port(), "only-for-tests")
        house = cls(home, postgres, valkey, free_port(), free_port())
        house._watch()
        return house

    def set_up(self) -> None:
        """Start the servers and migrate; the portal's own processes are started by name."""
        self.postgres.sockets.mkdir(mode=0o700, exist_ok=True)
        self.postgres.initialise()
        self.valkey.configure()
        self.start("postgres", "valkey")
        self.postgres.prepare(DATABASE)
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
            cwd=CHECKOUT, env=self.environment | {"GATEHOUSE_DB_ROLE": "owner"}, check=True,
        )  # fmt: skip

    def _watch(self) -> None:
        places = {str(self.home), str(self.postgres.sockets), str(self.postgres.data.parent)}
        watch = _WATCH.format(home=self.home, places=" ".join(map(shlex.quote, places)))
        self.watcher = subprocess.Popen(
            ["sh", "-c", watch], stdin=subprocess.PIPE, start_new_session=True
        )

    # ── where it is ──────────────────────────────────────────────────────────────────────────────

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def cluster(self) -> str:
        return f"http://127.0.0.1:{self.cluster_port}"

    @property
    def evidence(self) -> Path:
        return self.home / "evidence-main"

    @property
    def environment(self) -> dict[str, str]:
        own = {
            "TEST_HOME": str(self.home),
            "TEST_POSTGRES_SOCKETS": str(self.postgres.sockets),
            "TEST_VALKEY_URL": self.valkey.url(0).rpartition("/")[0],
            "DJANGO_SETTINGS_MODULE": "portal.settings.test",
            "PYTHONUNBUFFERED": "1",
        }
        shared = {k: v for k, v in os.environ.items() if k != "PYTEST_XDIST_WORKER"}
        return shared | own

    @cached_property
    def rows(self) -> "Rows":
        return Rows(self)

    @property
    def broker(self) -> "redis.Redis":
        return redis.Redis.from_url(self.valkey.url(0), socket_timeout=5)

    def log(self, name: str) -> str:
        path = self.home / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    @contextmanager
    def here(self) -> Iterator[None]:
        """Let this thread's Django look into this house's database."""
        from django.db import connection  # noqa: PLC0415 -- needs Django

        usual = dict(connection.settings_dict)
        connection.close()
        connection.settings_dict.update(HOST=str(self.postgres.sockets), NAME=DATABASE)
        try:
            yield
        finally:
            connection.close()
            connection.settings_dict.update(usual)

    # ── its processes ────────────────────────────────────────────────────────────────────────────

    def command(self, name: str) -> list[str]:
        celery = [sys.executable, *_QUIET, "-m", "celery", "-A", "portal"]
        match name:
            case "postgres":
                return self.postgres.command()
            case "valkey":
                return self.valkey.command()
            case "cluster":
                where = ["--port", str(self.cluster_port), "--state", str(self.home / "cluster")]
                return [sys.executable, "-m", "portal.sandbox_cluster", *where]
            case "web":
                listen = ["--bind", f"127.0.0.1:{self.port}", "--worker-class", "gthread"]
                scale = ["--workers", "1", "--threads", "8", "--no-control-socket"]
                return [sys.executable, "-m", "gunicorn", "portal.wsgi", *listen, *scale]
            case "beat":
                schedule = str(self.home / "beat-schedule")
                return [*celery, "beat", "--schedule", schedule, "--pidfile=", "-l", "WARNING"]
            case _:
                queues = ["-Q", "default,carry_out", "-c", "2", "-l", "INFO"]
                queues += ["--without-gossip", "--without-mingle"]
                return [*celery, "worker", "-n", f"{name}@house", *queues]

    def start(self, *names: str) -> None:
        """Start what does not run, and wait until each answers."""
        new = [name for name in names if not self.alive(name)]
        for name in new:
            self._launch(name)
        for name in new:
            self._wait_for(name)

    def _launch(self, name: str) -> None:
        if name == "postgres":
            self.postgres.clear_stale_lock()
        self.told[name] = len(self.log(name))
        # Through a pipe, so that a limit on the size of files is none on what it tells.
        with (self.home / f"{name}.log").open("ab") as log:
            pipe = subprocess.Popen(
                ["cat"], stdin=subprocess.PIPE, stdout=log, start_new_session=True
            )
        process = subprocess.Popen(
            self.command(name), stdout=pipe.stdin, stderr=pipe.stdin, cwd=CHECKOUT,
            env=self.environment, start_new_session=True,
        )  # fmt: skip
        pipe.stdin.close()
        self.pipes.append(pipe)
        (self.home / "pids" / str(process.pid)).touch()
        self.processes[name] = process

    def _wait_for(self, name: str, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not self._answers(name):
            if name == "postgres" and not self.alive(name):
                self._launch(name)  # the killed one's last children still held its memory
            elif not self.alive(name) or time.monotonic() > deadline:
                raise RuntimeError(f"{name} did not start:\n{self.log(name)}")
            time.sleep(0.05)

    def _answers(self, name: str) -> bool:
        match name:
            case "postgres":
                return self.postgres._is_ready()
            case "valkey":
                return _pings(self.broker)
            case "cluster":
                return _answers(f"{self.cluster}/version")
            case "web":
                return _answers(f"{self.url}/livez")
            case "beat":
                return True
            case _:
                return f"{name}@house ready." in self.log(name)[self.told[name] :]

    def alive(self, name: str) -> bool:
        process = self.processes.get(name)
        return process is not None and process.poll() is None

    def kill(self, *names: str, with_children: bool = True) -> None:
        """kill -9, of the whole group or of the first process alone."""
        for name in names:
            process = self.processes[name]
            (os.killpg if with_children else os.kill)(process.pid, signal.SIGKILL)
            self._reap(process)

    def stop(self, name: str, number: int = signal.SIGTERM) -> None:
        process = self.processes[name]
        process.send_signal(number)
        self._reap(process)

    def _reap(self, process: subprocess.Popen) -> None:
        process.wait(timeout=30)
        (self.home / "pids" / str(process.pid)).unlink(missing_ok=True)

    def freeze(self, name: str) -> None:
        """It hangs: it is there and answers nothing."""
        os.killpg(self.processes[name].pid, signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        if self.alive(name):
            os.killpg(self.processes[name].pid, signal.SIGCONT)

    def send(self, task: str, *args: object) -> None:
        """Send a message as the portal or beat does."""
        with self.celery.connection_for_write(self.valkey.url(0)) as connection:
            self.celery.send_task(task, args=args, connection=connection)

    @cached_property
    def celery(self):
        from portal.celery import app  # noqa: PLC0415 -- needs Django

        return app

    def sweep(self) -> None:
        """Do what beat does, more often."""
        self.send("releases.sweep")
        self.send("deployments.sweep")

    def close(self) -> None:
        """End everything, the servers last."""
        servers = {"postgres", "valkey"}
        self._end([name for name in self.processes if name not in servers])
        self._end([name for name in self.processes if name in servers])
        self.watcher.stdin.close()
        for process in (*self.pipes, self.watcher):
            process.wait(timeout=30)

    def _end(self, names: list[str]) -> None:
        for name in names:
            self.thaw(name)
            self.processes[name].send_signal(
                signal.SIGQUIT if name == "postgres" else signal.SIGTERM
            )
        for name in names:
            try:
                self.processes[name].wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.kill(name)


class Rows:
    """Reads past the portal: what is committed, whoever answers."""

    def __init__(self, house: House) -> None:
        self.house = house

    def all(self, statement: str, *values: object) -> list[tuple]:
        with psycopg.connect(self.house.postgres.url("postgres", DATABASE)) as connection:
            return connection.execute(statement, values).fetchall()

    def one(self, statement: str, *values: object):
        return self.all(statement, *values)[0][0]

    def state(self, number: int) -> str:
        return self.one("SELECT state FROM releases_changerequest WHERE number = %s", number)

    def events(self, number: int) -> list[str]:
        """The types of the change request's events, in their order."""
        statement = "SELECT type FROM audit_event WHERE stream = %s ORDER BY stream_seq"
        return [row[0] for row in self.all(statement, f"change-request/{number}")]

    def counts(self) -> dict[str, int]:
        """Rows per table of the portal."""
        tables = self.all(
            "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace "
            "WHERE relkind = 'r' AND nspname = 'public' ORDER BY relname"
        )
        counted = (f"SELECT '{name}', count(*) FROM \"{name}\"" for (name,) in tables)  # noqa: S608 -- the database's own names
        return dict(self.all(" UNION ALL ".join(counted)))


def _pings(client: "redis.Redis") -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).status_code < 500
    except httpx.HTTPError:
        return False
