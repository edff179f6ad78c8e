"""The test databases: migrated once as the owner, copied per pytest-xdist worker.

The copy keeps what the migrations seeded in a schema of its own, so that `restore()` can put the
database back to the moment after `migrate` (the audit tables refuse TRUNCATE to everybody else).
"""

import fcntl
import os
from pathlib import Path

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from psycopg import sql

from portal.embedded.postgres import PostgresServer

TEMPLATE = "test_template"
TRIES = 5

_SNAPSHOT = (Path(__file__).parent / "snapshot.sql").read_bytes()


def server() -> PostgresServer:
    """The session's server, as `tests.support.services` announced it."""
    return PostgresServer(
        data=Path(os.environ["TEST_HOME"]) / "postgres",
        sockets=Path(os.environ["TEST_POSTGRES_SOCKETS"]),
        durable=False,
    )


def name() -> str:
    return settings.DATABASES["default"]["NAME"]


def create() -> None:
    """Create this process's database."""
    with (Path(os.environ["TEST_HOME"]) / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with server().superuser() as superuser:
            seen = superuser.execute(
                "SELECT datname FROM pg_database WHERE datname = ANY(%s)", [[TEMPLATE, name()]]
            )
            present = {row[0] for row in seen}
            if TEMPLATE not in present:
                _create_template()
            if name() not in present:
                superuser.execute(
                    sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER gatehouse_owner").format(
                        sql.Identifier(name()), sql.Identifier(TEMPLATE)
                    )
                )


def _create_template() -> None:
    unfinished = f"{TEMPLATE}_unfinished"
    server().prepare(unfinished)
    usual = dict(connection.settings_dict)
    connection.close()
    connection.settings_dict.update(NAME=unfinished, USER="gatehouse_owner")
    try:
        call_command("migrate", interactive=False, verbosity=0)
    finally:
        connection.close()
        connection.settings_dict.update(usual)
    with server().superuser(unfinished) as superuser:
        superuser.execute(_SNAPSHOT)
    with server().superuser() as superuser:
        superuser.execute(f"ALTER DATABASE {unfinished} RENAME TO {TEMPLATE}")


def restore() -> None:
    """Put the database back to the moment after `migrate`, past every trigger.

    A page or a held call of the test may still be reading in another thread, two tables in another
    order than these are emptied in; it has nothing left to say, so it is tried again.
    """
    for tried in range(1, TRIES + 1):
        try:
            with psycopg.connect(server().url("postgres", name())) as superuser:
                superuser.execute("SET LOCAL lock_timeout = '20s'")
                superuser.execute("SELECT test_support.restore()")
        except psycopg.errors.DeadlockDetected:
            if tried == TRIES:
                raise
        else:
            return
