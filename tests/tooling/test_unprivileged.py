"""As whom PostgreSQL runs, when we are root and when we are not."""

import os
import pwd
import shutil
import subprocess

import pytest

from portal.embedded import unprivileged
from portal.embedded.errors import CannotStart
from portal.embedded.postgres import PostgresServer
from portal.embedded.unprivileged import NOBODY, Identity, postgres_identity


@pytest.fixture(autouse=True)
def _ask_again():
    postgres_identity.cache_clear()
    yield
    postgres_identity.cache_clear()


@pytest.fixture
def which(monkeypatch):
    """Decide who we are and which ways work."""

    def which(*, root: bool, works: set[tuple[str, ...]], named: bool = True) -> Identity:
        monkeypatch.setattr(unprivileged.os, "geteuid", lambda: 0 if root else 1000)
        monkeypatch.setattr(unprivileged, "_works", lambda prefix: prefix in works)
        monkeypatch.setattr(unprivileged, "_has_a_name", lambda: named)
        return postgres_identity()

    return which


def test_an_ordinary_user_runs_it_plainly(which):
    assert which(root=False, works=set()) == Identity(())


def test_root_prefers_a_user_namespace(which):
    both = {unprivileged._NAMESPACE, unprivileged._NOBODY}
    assert which(root=True, works=both).prefix == unprivileged._NAMESPACE


def test_root_without_namespaces_runs_it_as_nobody(which, tmp_path):
    identity = which(root=True, works={unprivileged._NOBODY})
    assert identity.is_nobody
    assert not identity.data_directory(tmp_path).is_relative_to(tmp_path)


def test_a_user_without_a_name_runs_it_in_a_user_namespace(which):
    identity = which(root=False, works={unprivileged._NAMESPACE}, named=False)
    assert identity.prefix == unprivileged._NAMESPACE


@pytest.mark.parametrize(("root", "named"), [(True, True), (False, False)])
def test_who_has_no_way_is_told_so_with_a_way_out(which, root, named):
    with pytest.raises(CannotStart, match=r"Run make as another user, or set DATABASE_URL\."):
        which(root=root, works=set(), named=named)


def test_a_way_that_is_not_installed_does_not_work():
    assert not unprivileged._works(("no-such-program-anywhere",))
    assert not unprivileged._works(("false",))


def test_this_user_is_looked_up(monkeypatch):
    assert unprivileged._has_a_name() == (os.geteuid() in {one.pw_uid for one in pwd.getpwall()})
    monkeypatch.setattr(unprivileged.os, "geteuid", lambda: 4_000_000)
    assert not unprivileged._has_a_name()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become nobody")
def test_it_really_runs_as_nobody(tmp_path):
    if not unprivileged._works(unprivileged._NOBODY):
        pytest.skip("nobody may not enter this checkout")
    identity = Identity(unprivileged._NOBODY, is_nobody=True)
    server = PostgresServer(
        data=identity.data_directory(tmp_path),
        sockets=identity.socket_directory(tmp_path),
        durable=False,
        identity=identity,
    )
    try:
        assert server.initialise()
        assert server.data.stat().st_uid == NOBODY
        process = subprocess.Popen(server.command(), stderr=subprocess.DEVNULL)
        try:
            server.wait_until_ready()
            with server.superuser() as connection:
                assert connection.execute("SELECT 1").fetchone() == (1,)
        finally:
            process.terminate()
            process.wait(timeout=20)
    finally:
        shutil.rmtree(server.data.parent)


def test_a_directory_of_somebody_else_is_not_used(tmp_path):
    with pytest.raises(CannotStart, match="belongs to another user"):
        Identity((), is_nobody=os.geteuid() != NOBODY).create(tmp_path)
