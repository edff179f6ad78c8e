"""`make run`: start everything, keep it running, stop it in order."""

import os
import shutil
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path
from types import FrameType

from celery import Celery

from portal.embedded import ports, preparation, processes, programs
from portal.embedded.demo_models import DemoModels
from portal.embedded.environment import DATABASE, Installation, embedded_postgres
from portal.embedded.errors import CannotStart
from portal.embedded.instance import only_one, stop
from portal.embedded.layout import CHECKOUT, Layout
from portal.embedded.logs import LogFollower
from portal.embedded.postgres import PostgresServer
from portal.embedded.supervision import Supervisor

_READY_SECONDS = 120.0
_WATCH_SECONDS = 1.0


class Stopped(BaseException):
    """Somebody asked the launcher to stop: Ctrl-C, SIGTERM, or a closed terminal."""


def say(sentence: str) -> None:
    """Tell whoever waits what is going on."""
    # In one piece: two threads may speak at once.
    sys.stdout.write(f"gatehouse: {sentence}\n")
    sys.stdout.flush()


def _raise_stopped(number: int, _frame: FrameType | None) -> None:
    # A second signal must not interrupt the stopping.
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    raise Stopped(signal.Signals(number).name)


def run(layout: Layout, port: int, *, demo: bool | None = None) -> None:
    """Run the portal until somebody stops it.

    ``demo`` says whether to load the demo into a new database; by default into our own only.

    Raises:
        CannotStart: something is in the way; the sentence says what.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _raise_stopped)
    layout.create()
    try:
        with only_one(layout, port):
            _recover(layout)
            _require_free(port)
            Launcher(layout, port, demo=demo).run()
    except Stopped:
        say("stopped.")


def reset(layout: Layout) -> None:
    """Stop what runs here and remove the data, the secrets and the logs."""
    stop(layout)
    postgres = embedded_postgres(layout)
    processes.end(processes.leftovers(layout, postgres))
    shutil.rmtree(postgres.data, ignore_errors=True)
    shutil.rmtree(postgres.sockets, ignore_errors=True)
    for path in layout.home.glob("*"):
        if path.name != "install.lock":  # the package installation's
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _recover(layout: Layout) -> None:
    """End what a killed run left behind."""
    left = processes.leftovers(layout, embedded_postgres(layout))
    if left:
        say(f"an earlier run was killed; ending the {len(left)} processes it left behind …")
        processes.end(left)


def _require_free(port: int) -> None:
    if ports.is_free(port):
        return
    by = ports.holder(port)
    whose = f" by {by.name()} (pid {by.pid})" if by else ""
    raise CannotStart(
        f"Port {port} is taken{whose}. Choose another:  make run PORT={ports.next_free(port)}"
    )


class Launcher:
    """One run."""

    def __init__(self, layout: Layout, port: int, *, demo: bool | None) -> None:
        """Settle secrets, ports and addresses, and write them down for `manage.py`."""
        self.layout = layout
        self.installation = Installation(layout, os.environ, port)
        self.installation.write()
        self.demo = self.installation.postgres is not None if demo is None else demo
        self.environment = {
            **os.environ,
            **self.installation.variables,
            "DJANGO_SETTINGS_MODULE": "portal.settings.embedded",
            "PYTHONUNBUFFERED": "1",
            # The address and the sign-ins shall stay in sight: `make run LOG_LEVEL=INFO` says more.
            "LOG_LEVEL": os.environ.get("LOG_LEVEL", "WARNING"),
        }
        self.services = programs.services(self.installation)
        self.portal = programs.portal(self.installation)
        self.supervisor = Supervisor(layout, [*self.services, *self.portal])

    def run(self) -> None:
        """Start, watch, and stop in order whatever happens."""
        began = time.monotonic()
        # MLflow tells of every table that it makes; its file keeps that.
        names = [program.name for program in self.portal if program.name != "mlflow"]
        follower = LogFollower(self.layout.logs, names)
        follower.start()
        try:
            self._start()
            self._banner(time.monotonic() - began)
            self._watch()
        finally:
            say("stopping …")
            self.supervisor.stop()
            processes.end(processes.leftovers(self.layout, self.installation.postgres))
            follower.stop()

    def _start(self) -> None:
        with ThreadPoolExecutor() as pool:
            # The slow and independent: files on one side, the database on the other.
            static = pool.submit(self._collect_static)
            self._start_services()
            self._migrate()
            static.result()
        if self.layout.demo_begun.exists() or self._is_asked_for_demo_elsewhere():
            self._load_demo()
        say("starting the web server, the worker and the scheduler …")
        self._launch(programs.SERVING)
        self._wait_until_ready()
        self._launch(programs.AFTERWARDS)
        if self.installation.mlflow and self.layout.demo_loaded.exists():
            models = DemoModels(self.installation.mlflow, self.layout, self.environment, say)
            threading.Thread(target=models.run, daemon=True).start()

    def _launch(self, stage: int) -> None:
        every = (*self.services, *self.portal)
        self.supervisor.launch(*[program.name for program in every if program.stage == stage])

    def _is_asked_for_demo_elsewhere(self) -> bool:
        """Whether to fill a database that is not ours: only when told to, and only once."""
        is_ours = self.installation.postgres is not None
        return not is_ours and self.demo and not self.layout.demo_loaded.exists()

    def _start_services(self) -> None:
        say("starting PostgreSQL, Valkey and the sandbox cluster …")
        postgres, valkey = self.installation.postgres, self.installation.valkey
        if postgres:
            postgres.initialise()
        if valkey:
            valkey.configure()
        self.supervisor.start(self.environment)
        self._launch(programs.SERVICES)
        if postgres:
            postgres.wait_until_ready()
            self._prepare_database(postgres)
        self._launch(programs.WORLD)
        if valkey:
            valkey.wait_until_ready()

    def _prepare_database(self, postgres: PostgresServer) -> None:
        if self.layout.demo_begun.exists():
            say("the demo was loaded half-way only; beginning again with a new database …")
            postgres.drop(DATABASE)
        if postgres.prepare(DATABASE):
            self.installation.begin_anew()
            if self.demo:
                self.layout.demo_begun.touch()

    def _once(self, stamp: Path, wanted: str, sentence: str, work: Callable[[], None]) -> None:
        def announced() -> None:
            say(sentence)
            work()

        preparation.once(stamp, wanted, announced)

    def _migrate(self) -> None:
        # Of a database that is not ours we do not know what happened to it since.
        which = DATABASE if self.installation.postgres else f"seen at {time.time()}"
        self._once(
            self.layout.migrated,
            preparation.digest_of(preparation.migrations(), which),
            "bringing the database schema up to date …",
            lambda: preparation.manage(
                self.environment, "migrate", "--no-input", "--verbosity", "0", role="owner"
            ),
        )

    def _collect_static(self) -> None:
        self._once(
            self.layout.static_collected,
            preparation.digest_of(preparation.static_files()),
            "collecting the static files …",
            lambda: preparation.manage(
                self.environment, "collectstatic", "--no-input", "--clear", "--verbosity", "0"
            ),
        )

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        # The portal asks its workers every few seconds only; we would wait for the next time.
        with Celery(broker=self.environment["REDIS_URL"]) as broker:
            while not broker.control.ping(timeout=0.5, limit=1) and time.monotonic() < deadline:
                continue
        while True:
            status, words = self._ask(f"http://127.0.0.1:{self.installation.port}/readyz")
            if status == HTTPStatus.OK:
                return
            if time.monotonic() > deadline:
                raise CannotStart(
                    f"The portal did not become ready within {_READY_SECONDS:.0f} s. It says: "
                    f"{words[:500] or 'nothing'}. The logs are in {self.layout.logs}."
                )
            time.sleep(0.5)

    @staticmethod
    def _ask(url: str) -> tuple[int, str]:
        """Return status and text of the answer; 0 if there is none."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(url, timeout=10) as answer:
                return answer.status, answer.read().decode(errors="replace")
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(errors="replace")
        except OSError as error:
            return 0, str(error)

    def _load_demo(self) -> None:
        if preparation.has_command("load_demo"):
            say("loading the demo …")
            self._wait_for_cluster()
            preparation.load_demo(self.layout, self.environment)
        self.layout.demo_begun.unlink(missing_ok=True)

    def _wait_for_cluster(self) -> None:
        url = f"{self.installation.variables['SANDBOX_CLUSTER_URL']}/version"
        deadline = time.monotonic() + _READY_SECONDS
        while self._ask(url)[0] != HTTPStatus.OK:
            if time.monotonic() > deadline:
                raise CannotStart(f"The sandbox cluster did not start; see {self.layout.logs}.")
            time.sleep(0.1)

    def _banner(self, seconds: float) -> None:
        address = f"http://localhost:{self.installation.port}"
        lines = ["", f"Gatehouse is ready after {seconds:.1f} s:  {address}"]
        if self.layout.demo_loaded.exists():
            lines += ["", self.layout.demo_loaded.read_text(encoding="utf-8").strip()]
            if token := preparation.demo_token(self.layout, self.environment):
                lines += ["", f"API token of {preparation.DEMO_ACCOUNT}:  {token}"]
        if server := self.installation.mlflow:
            lines += ["", f"MLflow starts beside it:  {server.url}"]
        home = self.layout.home
        shown = home.relative_to(CHECKOUT) if home.is_relative_to(CHECKOUT) else home
        lines += ["", f"Data and logs are in {shown}/. Ctrl-C stops everything and keeps them.", ""]
        print("\n".join(lines), flush=True)

    def _watch(self) -> None:
        """Report what died and was started again; bring back the supervisor itself."""
        seen = self.supervisor.pids()
        while True:
            time.sleep(_WATCH_SECONDS)
            if not self.supervisor.is_alive:
                self._revive()
                seen = {}
            now = self._pids()
            for name, pid in now.items():
                if seen.get(name, pid) != pid:
                    self._report(name, pid)
            seen |= now

    def _report(self, name: str, pid: int) -> None:
        if pid:
            say(f"{name} died and was started again.")
        else:
            say(f"{name} keeps dying and was given up; see {self.layout.logs / name}.log")

    def _pids(self) -> dict[str, int]:
        try:
            return self.supervisor.pids()
        except OSError:
            return {}  # it died just now; the next round sees it

    def _revive(self) -> None:
        say("the supervisor died; starting everything again …")
        processes.end(processes.leftovers(self.layout, self.installation.postgres))
        self._start_services()
        self._launch(programs.SERVING)
        self._launch(programs.AFTERWARDS)
