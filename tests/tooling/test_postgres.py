"""The embedded PostgreSQL: a crash loses no committed row, nothing stale stops the next start."""

import os
import signal
import subprocess
import sys
import time

import psutil
import psycopg
import pytest

from portal.embedded import layout as layouts
from portal.embedded.environment import embedded_postgres
from portal.embedded.errors import CannotStart
from portal.embedded.layout import CHECKOUT, Layout
from portal.embedded.postgres import PostgresServer


@pytest.fixture
def layout(tmp_path):
    layout = Layout(tmp_path / "home")
    layout.create()
    yield layout
    server = embedded_postgres(layout)
    if pid := server.running_pid():
        psutil.Process(pid).kill()


@pytest.fixture
def server(layout):
    server = embedded_postgres(layout)
    server.initialise()
    return server


@pytest.fixture
def start(layout, server):
    """Start the server as the supervisor does."""
    started = []

    def start() -> subprocess.Popen:
        process = subprocess.Popen(
            [sys.executable, "-m", "portal.embedded", "serve-postgres"],
            cwd=CHECKOUT,
            env=os.environ | {"GATEHOUSE_HOME": str(layout.home)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        started.append(process)
        server.wait_until_ready(30)
        return process

    yield start
    for process in started:
        process.send_signal(signal.SIGQUIT)
        process.wait(timeout=20)


def rows(server: PostgresServer) -> int:
    with server.superuser() as connection:
        return connection.execute("SELECT count(*) FROM kept").fetchone()[0]


def test_a_kill_9_loses_no_committed_row(server, start):
    process = start()
    with server.superuser() as connection:
        connection.execute("CREATE TABLE kept (n int)")
        for n in range(200):
            connection.execute("INSERT INTO kept VALUES (%s)", [n])
        process.kill()
    process.wait()
    start()
    assert rows(server) == 200


def test_it_starts_although_a_killed_one_was_never_reaped(server, start):
    zombie = start()
    os.kill(zombie.pid, signal.SIGKILL)
    while psutil.Process(zombie.pid).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)
    assert (server.data / "postmaster.pid").exists()
    assert server.running_pid() is None
    start()
    assert server.running_pid() not in {None, zombie.pid}


def test_a_pid_file_that_names_an_unrelated_process_does_not_keep_it_from_starting(server, start):
    (server.data / "postmaster.pid").write_text(f"{os.getpid()}\n{server.data}\n")
    assert server.running_pid() is None
    start()


@pytest.mark.parametrize("content", ["", "not a number\n", "999999999\n"])
def test_a_damaged_pid_file_does_not_keep_it_from_starting(server, start, content):
    (server.data / "postmaster.pid").write_text(content)
    start()


def test_a_second_server_on_the_same_data_is_refused(layout, server, start, monkeypatch):
    first = start()
    command = (
        "from pathlib import Path; from portal.embedded import serve_postgres as s;"
        "from portal.embedded.layout import Layout; s._PATIENCE_SECONDS = 0.3;"
        f"s.serve_postgres(Layout(Path({str(layout.home)!r})))"
    )
    second = subprocess.run(
        [sys.executable, "-c", command], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    assert "still runs on this data" in second.stderr
    assert first.poll() is None


def test_an_initdb_that_was_killed_half_way_is_begun_again(layout):
    server = embedded_postgres(layout)
    unfinished = server.data.with_name(f"{server.data.name}.unfinished")
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")
    assert server.initialise()
    assert not server.initialise()


def test_data_of_another_major_version_is_left_alone_and_said_so(server):
    (server.data / "PG_VERSION").write_text("12\n")
    with pytest.raises(CannotStart, match="made by PostgreSQL 12"):
        server.initialise()


def test_roles_and_database_are_made_once_and_may_be_made_again(server, start):
    start()
    assert server.prepare("gatehouse")
    assert not server.prepare("gatehouse")
    with psycopg.connect(server.url("gatehouse_app", "gatehouse")) as connection:
        seen = connection.execute(
            "SELECT rolname, rolsuper FROM pg_roles WHERE rolname LIKE 'gatehouse%' ORDER BY 1"
        ).fetchall()
    names = ("gatehouse_app", "gatehouse_owner", "gatehouse_sequencer", "gatehouse_signer")
    assert seen == [(name, False) for name in names]


def test_it_listens_on_no_network_address(server, start):
    process = start()
    listening = psutil.Process(process.pid).net_connections("inet")
    assert listening == []


def test_a_long_checkout_path_gets_a_short_socket_directory(tmp_path, monkeypatch):
    monkeypatch.setattr(layouts.tempfile, "gettempdir", lambda: str(tmp_path))
    deep = Layout(tmp_path / ("d" * 120))
    deep.create()
    assert len(f"{deep.sockets}/.s.PGSQL.5432.lock") <= layouts.LONGEST_SOCKET_PATH + 40
    assert deep.sockets.parent == tmp_path
    assert deep.sockets.stat().st_mode & 0o777 == 0o700


def test_a_socket_directory_of_somebody_else_is_refused(tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "home").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CannotStart, match="belongs to another user"):
        Layout(tmp_path / "home").create()


def test_data_and_secrets_are_closed_to_others(layout, server):
    for path in (layout.home, layout.sockets, server.data):
        assert path.stat().st_mode & 0o077 == 0
