"""The launcher's parts, one by one."""

import io
import os
import socket
import sys
from pathlib import Path

import pytest

from portal.embedded import binaries, instance, mlflow, ports, preparation, programs
from portal.embedded.environment import Installation, current_layout, read, write
from portal.embedded.errors import CannotStart
from portal.embedded.layout import Layout
from portal.embedded.logs import LogFollower
from portal.embedded.postgres import PostgresServer
from portal.embedded.valkey import ValkeyServer


@pytest.fixture
def layout(tmp_path):
    layout = Layout(tmp_path / "home")
    layout.create()
    return layout


@pytest.fixture
def manage(tmp_path, monkeypatch):
    """Replace manage.py by a script of the test's."""

    def manage(script: str) -> None:
        path = tmp_path / "manage.py"
        path.write_text(f"import os, sys\n{script}\n")
        monkeypatch.setattr(preparation, "MANAGE", [sys.executable, str(path)])

    return manage


# The environment file


def test_secrets_and_ports_stay_from_start_to_start(layout):
    first = Installation(layout, {}, 8123)
    first.write()
    again = Installation(layout, {}, 8124)
    assert again.variables == first.variables | {"PUBLIC_URL": "http://localhost:8124"}
    assert layout.environment.stat().st_mode & 0o777 == 0o600


def test_a_port_that_was_taken_meanwhile_is_replaced(layout):
    first = Installation(layout, {}, 8123)
    first.write()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", int(first.variables["VALKEY_PORT"])))
        taken.listen()
        again = Installation(layout, {}, 8123)
        assert again.variables["VALKEY_PORT"] != first.variables["VALKEY_PORT"]


def test_addresses_that_are_given_replace_the_embedded_services(layout):
    given = {
        "DATABASE_URL": "postgresql://app@db/gatehouse",
        "DATABASE_OWNER_URL_FILE": "/run/secrets/owner",
        "REDIS_URL": "redis://broker/0",
        "HOME": "/root",
    }
    installation = Installation(layout, given, 8123)
    assert installation.postgres is None
    assert installation.valkey is None
    variables = installation.variables
    assert variables["DATABASE_URL"] == "postgresql://app@db/gatehouse"
    assert variables["DATABASE_OWNER_URL_FILE"] == "/run/secrets/owner"
    assert variables["REDIS_URL"] == "redis://broker/0"
    assert {"CACHE_URL", "DATABASE_OWNER_URL", "VALKEY_PORT", "HOME"}.isdisjoint(variables)


def test_credentials_of_real_clusters_stay_where_they_are(layout, tmp_path):
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    Installation(layout, {"KUBERNETES_CREDENTIALS_DIR": str(theirs)}, 8123).write()
    assert list(theirs.iterdir()) == []


def test_an_environment_file_is_read_as_it_was_written(tmp_path):
    write(tmp_path / "env", {"A": "1", "B": "x=y z"})
    assert read(tmp_path / "env") == {"A": "1", "B": "x=y z"}
    assert read(tmp_path / "none") == {}


def test_the_checkout_s_own_directory_is_used_unless_another_is_named(monkeypatch, tmp_path):
    monkeypatch.delenv("GATEHOUSE_HOME", raising=False)
    assert current_layout().home.name == ".gatehouse"
    monkeypatch.setenv("GATEHOUSE_HOME", str(tmp_path))
    assert current_layout().home == tmp_path


# One at a time


def test_only_one_launcher_runs_and_the_lock_is_free_after_it(layout):
    assert instance.holder(layout) is None
    with instance.only_one(layout, 8123):
        assert instance.holder(layout) == (os.getpid(), 8123)
        with (
            pytest.raises(CannotStart, match="already runs from this directory"),
            instance.only_one(layout, 8124),
        ):
            pass
    assert instance.holder(layout) is None
    assert not instance.stop(layout)


def test_a_lock_that_says_nothing_readable_is_still_a_lock(layout):
    with instance.only_one(layout, 8123):
        layout.lock.write_text("no JSON")
        assert instance.holder(layout) == (0, 0)
        assert not instance.stop(layout)


# Steps that are done once


def test_a_step_is_done_once_for_what_it_was_done_for(tmp_path):
    done = []
    for wanted in ("a", "a", "b"):
        preparation.once(tmp_path / "stamp", wanted, lambda: done.append(1))
    assert len(done) == 2


def test_a_step_that_failed_is_done_again(tmp_path):
    def fail():
        raise CannotStart("no")

    with pytest.raises(CannotStart):
        preparation.once(tmp_path / "stamp", "a", fail)
    assert not (tmp_path / "stamp").exists()


def test_a_changed_file_changes_the_digest(tmp_path):
    file = tmp_path / "file"
    file.write_text("1")
    before = preparation.digest_of([file])
    file.write_text("12")
    assert preparation.digest_of([file]) != before


def test_a_failed_command_is_shown_with_its_words(manage):
    manage("sys.exit('no such table')")
    with pytest.raises(CannotStart, match=r"(?s)manage.py migrate.*no such table"):
        preparation.manage(os.environ, "migrate")


def test_migrations_run_as_the_owner(manage, tmp_path):
    manage(f"open({str(tmp_path / 'role')!r}, 'w').write(os.environ['GATEHOUSE_DB_ROLE'])")
    preparation.manage(os.environ, "migrate", role="owner")
    assert (tmp_path / "role").read_text() == "owner"


def test_what_the_demo_says_of_its_sign_ins_is_kept(manage, layout):
    manage("print('Sign in as priya')")
    preparation.load_demo(layout, os.environ)
    assert layout.demo_loaded.read_text() == "Sign in as priya\n"


def test_a_demo_that_failed_is_not_taken_for_loaded(manage, layout):
    manage("sys.exit(3)")
    with pytest.raises(CannotStart, match="demo could not be loaded"):
        preparation.load_demo(layout, os.environ)
    assert not layout.demo_loaded.exists()


def test_the_demo_s_token_is_issued_once_and_kept_closed(manage, layout):
    manage("print('gh_first')")
    assert preparation.demo_token(layout, os.environ) == "gh_first"
    manage("print('gh_second')")
    assert preparation.demo_token(layout, os.environ) == "gh_first"
    assert layout.demo_token.stat().st_mode & 0o777 == 0o600


def test_without_the_demo_s_account_there_is_no_token(manage, layout):
    manage("sys.exit('no such account')")
    assert preparation.demo_token(layout, os.environ) is None


def test_the_portal_has_its_demo():
    assert preparation.has_command("load_demo")
    assert not preparation.has_command("load_nothing")


# Servers and ports


def test_a_platform_without_binaries_is_told_what_to_set(monkeypatch, tmp_path):
    monkeypatch.setattr(binaries, "_package", lambda name: tmp_path)
    with pytest.raises(CannotStart, match="name it in DATABASE_URL"):
        binaries.postgres_binary("postgres")
    with pytest.raises(CannotStart, match="name it in REDIS_URL"):
        binaries.valkey_binary()


def test_a_missing_package_is_told_how_to_get_it():
    with pytest.raises(CannotStart, match="make base"):
        binaries._package("no_such_package")


def test_servers_that_do_not_start_are_given_up_with_a_sentence(tmp_path):
    server = PostgresServer(data=tmp_path / "data", sockets=tmp_path)
    with pytest.raises(CannotStart, match="PostgreSQL did not start within 0 s"):
        server.wait_until_ready(0.05)
    valkey = ValkeyServer(tmp_path, ports.free_port(), "secret")
    with pytest.raises(CannotStart, match="Valkey did not start within 0 s"):
        valkey.wait_until_ready(0.05)


def test_an_initdb_that_fails_says_why(tmp_path):
    (tmp_path / "file").touch()
    server = PostgresServer(data=tmp_path / "data", sockets=tmp_path / "run")
    (tmp_path / "data").mkdir()
    (tmp_path / "data.unfinished").touch()
    with pytest.raises(CannotStart, match="could not create its data"):
        server.initialise()


def test_valkey_s_password_is_in_no_process_table(tmp_path):
    server = ValkeyServer(tmp_path, 1, "secret")
    server.configure()
    assert "secret" not in " ".join(server.command())
    assert "appendonly yes" in server.configuration.read_text()
    assert server.configuration.stat().st_mode & 0o777 == 0o600


def test_who_holds_a_port_is_found_where_it_may_be_seen(monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert ports.holder(port).pid == os.getpid()
        assert not ports.is_free(port)
        assert ports.is_free(ports.next_free(port))
    assert ports.holder(port) is None

    def refuse(kind):
        raise ports.psutil.AccessDenied

    monkeypatch.setattr(ports.psutil, "net_connections", refuse)
    assert ports.holder(port) is None


# Logs


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def follow(directory: Path, out: io.StringIO, *writes: str) -> None:
    (directory / "web.log").write_text("before\n")
    follower = LogFollower(directory, ["web", "worker"], out)
    for text in writes:
        with (directory / "web.log").open("a") as log:
            log.write(text)
        follower._show_new_lines()


def test_lines_are_shown_whole_with_their_process_s_name_and_old_ones_are_not(tmp_path):
    follow(tmp_path, out := io.StringIO(), "one\ntw", "o\n")
    assert out.getvalue() == "web    | one\nweb    | two\n"


def test_a_log_that_was_begun_anew_is_followed_from_its_beginning(tmp_path):
    out = io.StringIO()
    (tmp_path / "web.log").write_text("a long first line\n")
    follower = LogFollower(tmp_path, ["web"], out)
    (tmp_path / "web.log").write_text("new\n")
    follower._show_new_lines()
    assert out.getvalue() == "web | new\n"


def test_names_are_coloured_on_a_terminal_only(tmp_path):
    follow(tmp_path, out := Terminal(), "one\n")
    assert out.getvalue() == "\033[36mweb    |\033[0m one\n"


# MLflow


def test_mlflow_is_started_only_where_it_is_installed(layout, tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_PYTHON", raising=False)
    monkeypatch.setattr(mlflow.installed, "__defaults__", (tmp_path / "nothing",))
    without = Installation(layout, {}, 8123)
    assert without.mlflow is None
    assert "mlflow" not in {program.name for program in programs.portal(without)}
    monkeypatch.setenv("MLFLOW_PYTHON", sys.executable)
    found = Installation(layout, {}, 8123)
    (program,) = [each for each in programs.portal(found) if each.name == "mlflow"]
    assert program.command[:4] == [sys.executable, "-m", "mlflow", "server"]
    assert found.variables["MLFLOW_TRACKING_URI"] == found.mlflow.url
    named = Installation(layout, {"MLFLOW_TRACKING_URI": "https://mlflow.example"}, 8123)
    assert named.mlflow is None


def test_the_secret_of_the_demos_webhook_and_mlflows_key_stay(layout, monkeypatch):
    monkeypatch.setenv("MLFLOW_PYTHON", sys.executable)
    first = Installation(layout, {}, 8123)
    first.write()
    (secret,) = layout.mlflow_secrets.iterdir()
    text = secret.read_text()
    again = Installation(layout, {}, 8123)
    again.write()
    assert (secret.read_text(), again.mlflow.webhook_key) == (text, first.mlflow.webhook_key)
