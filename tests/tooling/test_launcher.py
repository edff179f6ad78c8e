"""`make run` on its own: what is in the way is said in a sentence, what was killed comes back."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg
import pytest

from portal.embedded import processes
from portal.embedded.environment import embedded_postgres, read
from portal.embedded.layout import CHECKOUT, Layout
from portal.embedded.ports import free_port
from tests.support import database
from tests.support.wait import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

RUN = [sys.executable, "-m", "portal.embedded", "run"]
# What tells each process by its command line.
WORDS = {
    "postgres": "bin/postgres",
    "valkey": "valkey-server",
    "web": "gunicorn",
    "worker": " worker ",
    "beat": " beat ",
    "cluster": "sandbox_cluster",
    "sequencer": "audit.sequencer",
    "signer": "audit.signer",
    "courier": "manage.py courier",
    "witness": "audit.witness",
    "streamer": "manage.py streamer",
}
NAMES = WORDS.keys()


@dataclass
class Launch:
    layout: Layout
    port: int
    out: Path
    started: list[subprocess.Popen] = field(default_factory=list)
    given: dict[str, str] = field(default_factory=dict)

    def start(self) -> subprocess.Popen:
        environment = {
            name: value
            for name, value in os.environ.items()
            if name not in {"DATABASE_URL", "REDIS_URL", "CACHE_URL", "SECRET_KEY"}
            and not name.startswith(("DJANGO_", "TEST_", "DATABASE_", "EVIDENCE_"))
        }
        with self.out.open("wb") as out:
            process = subprocess.Popen(
                [*RUN, "--no-demo", "--port", str(self.port)],
                cwd=CHECKOUT,
                env=environment | {"GATEHOUSE_HOME": str(self.layout.home)} | self.given,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.started.append(process)
        return process

    def start_until_ready(self) -> subprocess.Popen:
        process = self.start()
        wait_for(lambda: "is ready after" in self.said or process.poll() is not None, 180)
        assert process.poll() is None, self.said
        return process

    @property
    def said(self) -> str:
        return self.out.read_text()

    def answers(self) -> bool:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with contextlib.suppress(OSError):
            return opener.open(f"http://127.0.0.1:{self.port}/livez", timeout=5).status == 200
        return False

    def pids(self) -> dict[str, int]:
        """What the supervisor runs, by name."""
        text = (self.layout.home / "supervisord.pid").read_text()
        children = []
        with contextlib.suppress(psutil.Error):
            children = psutil.Process(int(text)).children()
        found = {}
        for child in children:
            # One that ends meanwhile must not hide those after it.
            with contextlib.suppress(psutil.Error):
                words = " ".join(child.cmdline())
                found |= {name: child.pid for name, word in WORDS.items() if word in words}
        return found

    def left(self) -> list[psutil.Process]:
        return processes.leftovers(self.layout, embedded_postgres(self.layout))


@pytest.fixture
def launch(tmp_path):
    launch = Launch(Layout(tmp_path / "home"), free_port(), tmp_path / "out")
    yield launch
    for process in launch.started:
        if process.poll() is None:
            process.terminate()
            process.wait(timeout=60)
    processes.end(launch.left())


def all_anew(before: dict[str, int], now: dict[str, int]) -> bool:
    return now.keys() == NAMES and all(now[name] != before[name] for name in NAMES)


def test_everything_starts_is_kept_alive_and_stops_without_a_trace(launch):
    process = launch.start_until_ready()
    assert launch.answers()
    assert launch.pids().keys() == NAMES
    # What was killed is started again, each by itself.
    before = launch.pids()
    # The servers last: some of the others end by themselves when they lose one.
    for name in sorted(NAMES, key={"postgres", "valkey"}.__contains__):
        os.kill(before[name], signal.SIGKILL)
    wait_for(lambda: all_anew(before, launch.pids()) and launch.answers(), 60)
    # A second run says where the first one is.
    other = Launch(launch.layout, free_port(), launch.out.with_name("other"))
    assert other.start().wait(timeout=60) == 1
    assert f"already runs from this directory: http://localhost:{launch.port}" in other.said
    assert f"pid {process.pid}" in other.said
    assert launch.answers()
    # And Ctrl-C ends it all.
    os.kill(process.pid, signal.SIGINT)
    assert process.wait(timeout=60) == 0
    assert launch.left() == []
    assert launch.said.rstrip().endswith("gatehouse: stopped.")


def test_a_killed_run_is_cleaned_up_and_its_data_kept(launch):
    process = launch.start_until_ready()
    url = read(launch.layout.environment)["DATABASE_OWNER_URL"]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        process.kill()
    process.wait()
    assert len(launch.left()) > 5
    again = launch.start_until_ready()
    assert "an earlier run was killed" in launch.said
    with psycopg.connect(read(launch.layout.environment)["DATABASE_OWNER_URL"]) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    # The supervisor's own death is recovered from as well.
    os.kill(int((launch.layout.home / "supervisord.pid").read_text()), signal.SIGKILL)
    wait_for(lambda: "the supervisor died" in launch.said, 30)
    wait_for(lambda: launch.pids().keys() == NAMES and launch.answers(), 90)
    again.terminate()
    assert again.wait(timeout=60) == 0
    assert launch.left() == []


def test_a_database_and_a_broker_of_one_s_own_replace_the_embedded_ones(launch):
    database.server().prepare("external")
    launch.given = {
        "DATABASE_URL": database.server().url("gatehouse_app", "external"),
        "DATABASE_OWNER_URL": database.server().url("gatehouse_owner", "external"),
        # Its last two databases; the tests' own are the first ones.
        "REDIS_URL": f"{os.environ['TEST_VALKEY_URL']}/62",
        "CACHE_URL": f"{os.environ['TEST_VALKEY_URL']}/63",
    }
    process = launch.start_until_ready()
    wait_for(lambda: launch.pids().keys() == NAMES - {"postgres", "valkey"}, 30)
    assert launch.answers()
    assert not (launch.layout.home / "postgres").exists()
    process.terminate()
    assert process.wait(timeout=60) == 0
    assert launch.left() == []


def test_a_taken_port_is_named_with_its_holder_and_a_free_one(launch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", launch.port))
        taken.listen()
        assert launch.start().wait(timeout=60) == 1
    assert re.search(
        rf"Port {launch.port} is taken by \S+ \(pid {os.getpid()}\)\. "
        r"Choose another:  make run PORT=\d+",
        launch.said,
    )
    assert launch.left() == []


def test_it_can_be_stopped_while_it_starts(launch):
    process = launch.start()
    wait_for(lambda: "starting PostgreSQL" in launch.said, 60)
    time.sleep(0.3)
    process.terminate()
    assert process.wait(timeout=60) == 0
    assert launch.left() == []


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1", ""])
def test_what_is_no_port_is_refused_in_a_sentence(port):
    done = subprocess.run(
        [*RUN, "--port", port],
        cwd=CHECKOUT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "is no port" in done.stderr


def test_a_reset_gives_up_the_data_and_leaves_the_lock_of_the_installation(launch):
    launch.layout.create()
    (launch.layout.home / "install.lock").touch()
    (launch.layout.evidence / "ab").mkdir(parents=True)
    embedded_postgres(launch.layout).initialise()
    done = subprocess.run(
        [sys.executable, "-m", "portal.embedded", "reset"],
        cwd=CHECKOUT, env=os.environ | {"GATEHOUSE_HOME": str(launch.layout.home)}, check=False,
    )  # fmt: skip
    assert done.returncode == 0
    assert [path.name for path in launch.layout.home.iterdir()] == ["install.lock"]
