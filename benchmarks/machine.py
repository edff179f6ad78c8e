"""The services and processes that are measured: real ones, in a directory that goes when they stop."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.client import Load, Request, WrongAnswer, always, drive
from portal.embedded.environment import Installation
from portal.embedded.layout import CHECKOUT, Layout, socket_directory
from portal.embedded.ports import free_port
from portal.embedded.postgres import PostgresServer
from portal.embedded.programs import portal
from portal.embedded.unprivileged import postgres_identity
from portal.embedded.valkey import BROKER, CACHE, ValkeyServer

DATABASE = "bench"
SMALL = "bench_small"
ORIGIN = "localhost/gatehouse"
"""The log's name, and that of the key which the launcher makes."""
_SECRET = "only-for-measuring-0123456789-0123456789-0123456789"


@dataclass(frozen=True)
class Machine:
    """A PostgreSQL and a Valkey of the benchmark's own, and what starts processes on them."""

    home: Path
    postgres: PostgresServer
    valkey: ValkeyServer
    processes: ExitStack

    def environment(self, database: str = DATABASE, **more: str) -> dict[str, str]:
        """Return the variables of the portal's processes on ``database``."""
        return {
            "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
            "SECRET_KEY": _SECRET,
            "PRIVACY_KEY": _SECRET,
            "DATABASE_URL": self.postgres.url("gatehouse_app", database),
            "DATABASE_OWNER_URL": self.postgres.url("gatehouse_owner", database),
            "REDIS_URL": self.valkey.url(BROKER),
            "CACHE_URL": self.valkey.url(CACHE),
            "EVIDENCE_ROOT": str(self.home / "evidence"),
            "STATIC_ROOT": str(self.home / "static"),
            "PACKS_ROOT": str(self.home / "packs"),
            "PACK_KEY_FILE": str(self.home / "pack-key"),
            "LOG_ROOT": str(self.home / "log"),
            "LOG_ORIGIN": ORIGIN,
            "SIGNER_KEY_FILE": str(self.home / "signer" / "key"),
            "SIGNER_STATE_FILE": str(self.home / "signer" / "state.json"),
            "DATABASE_SEQUENCER_URL": self.postgres.url("gatehouse_sequencer", database),
            "DATABASE_SIGNER_URL": self.postgres.url("gatehouse_signer", database),
            # Counted for every call as ever, but the client must not be refused.
            "API_THROTTLE": "100000000/min",
            **more,
        }

    def manage(self, *words: str, **more: str) -> None:
        """Run a command of `manage.py` as the schema's owner."""
        environment = os.environ | self.environment(GATEHOUSE_DB_ROLE="owner", **more)
        command = [sys.executable, "manage.py", *words]
        subprocess.run(command, cwd=CHECKOUT, env=environment, check=True)

    def spawn(
        self, name: str, command: Sequence[str], **environment: str
    ) -> subprocess.Popen[bytes]:
        """Start a process that ends with the benchmark; its output goes to a file."""
        with (self.home / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                command, stdout=log, stderr=log, cwd=CHECKOUT, env=os.environ | environment
            )
        self.processes.callback(end, process)
        return process

    def installation(self, port: int) -> Installation:
        """Return what `make run` would know of this machine."""
        given = self.environment()
        return Installation(Layout(self.home), given, port)

    def command(self, program: str, port: int) -> list[str]:
        """Return the very command line with which `make run` starts the program."""
        programs = {each.name: each.command for each in portal(self.installation(port))}
        return list(programs[program])

    def serve(
        self, name: str, *, database: str = DATABASE, application: str = "", **more: str
    ) -> int:
        """Start a web server as `make run` does and return its port once it answers."""
        port = free_port()
        command = self.command("web", port)
        if application:
            command[command.index("portal.wsgi")] = application
        self.spawn(name, command, **self.environment(database, **more))
        wait_for(port, self.home / f"{name}.log")
        return port

    def log(self, name: str) -> str:
        """Return what a process said last."""
        return (self.home / f"{name}.log").read_text(errors="replace")[-4000:]


def end(process: subprocess.Popen[bytes]) -> None:
    """Tell a process to stop, and wait until it did."""
    process.terminate()
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait_for(port: int, log: Path, seconds: float = 60) -> None:
    """Return once the server on ``port`` answers."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            _ask(port)
        except OSError:
            time.sleep(0.1)
        except WrongAnswer:
            return  # it speaks HTTP
        else:
            return
    raise RuntimeError(f"The server did not start:\n{log.read_text(errors='replace')[-4000:]}")


def _ask(port: int) -> Load:
    return drive(port, always(Request("/livez")), seconds=0, clients=1)


@contextmanager
def machine() -> Iterator[Machine]:
    """Yield a machine with an empty database; everything is gone afterwards."""
    home = Path(tempfile.mkdtemp(prefix="gatehouse-bench-"))
    postgres = PostgresServer(
        data=postgres_identity().data_directory(home), sockets=socket_directory(home)
    )
    valkey = ValkeyServer(home / "valkey", free_port(), "only-for-measuring")
    (home / "static").mkdir()
    postgres.sockets.mkdir(mode=0o700, exist_ok=True)
    with ExitStack() as stack:
        for path in (home, postgres.sockets, postgres.data.parent):
            stack.callback(shutil.rmtree, path, ignore_errors=True)
        postgres.initialise()
        valkey.configure()
        processes = stack.enter_context(ExitStack())
        found = Machine(home, postgres, valkey, processes)
        found.spawn("valkey", valkey.command())
        valkey.wait_until_ready()
        yield found


@contextmanager
def loading(machine: Machine) -> Iterator[None]:
    """Run PostgreSQL without forcing commits to the disk: for the set-up only."""
    server = replace(machine.postgres, durable=False)
    with (machine.home / "postgres.log").open("ab") as log:
        process = subprocess.Popen(server.command(), stderr=log, start_new_session=True)
    try:
        server.wait_until_ready()
        yield
    finally:
        # Fast shutdown, which writes a checkpoint: what was loaded is then on the disk.
        process.send_signal(2)
        process.wait(timeout=120)


def start_database(machine: Machine) -> None:
    """Start PostgreSQL as `make run` does: an acknowledged commit is on the disk."""
    with (machine.home / "postgres.log").open("ab") as log:
        process = subprocess.Popen(machine.postgres.command(), stderr=log, start_new_session=True)
    machine.processes.callback(_stop_database, process)
    machine.postgres.wait_until_ready()


def _stop_database(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(2)  # SIGINT: fast shutdown
    process.wait(timeout=60)
