"""What many tests begin with, made once and there for each of them as if it were new.

It is made in a transaction that outlives the test; each test runs in a savepoint of it and is undone, as
is `setUpTestData` of Django's own classes. It is all one transaction to the database, as it is when a test
makes everything itself. Whatever commits gets nothing of it: its test makes its own.
"""

import importlib
import time

from django.db import connections, transaction
from pytest_django.fixtures import validate_django_db

from tests.support import database

MAKERS = {
    "kept_payments": "tests.factories:staffed_project",
    "kept_world": "tests.pages.world:World.make",
    "kept_ground": "tests.deployments.ground:Ground.make",
}
"""What makes it, by the fixture that gives it."""

SECONDS = 15
"""After so long it is made anew: `now()` in the database is when the transaction began."""

COMMITS = {"transactional_db", "live_server", "django_db_reset_sequences"}


class Kept:
    """At most one thing is kept at a time, for this process."""

    def __init__(self) -> None:
        self.name, self.since = "", 0.0
        self.has_counted = False
        """Whether tests were undone whose numbers no undoing takes back, such as that of CR-1."""

    def prepare(self, item) -> None:
        """Before the test's own transaction begins: have what it wants, and nothing else."""
        self.has_counted = not commits(item)
        wanted = next(filter(MAKERS.get, item.fixturenames), "") if self.has_counted else ""
        if wanted != self.name or not self._is_sound():
            self.give_up()
            if wanted:
                self._make(wanted)

    def _is_sound(self) -> bool:
        return not self.name or (
            time.monotonic() < self.since + SECONDS
            and self.connection is connections["default"]
            and not self.connection.closed_in_transaction
        )

    def _make(self, name: str) -> None:
        self.atomic = transaction.atomic()
        self.atomic._from_testcase = True  # durable blocks may be inside it
        self.atomic.__enter__()
        self.connection = connections["default"]
        self.name, self.since = name, time.monotonic()
        make(name)
        self.connection.check_constraints()
        self.connection.run_on_commit.clear()

    def give_up(self) -> None:
        if not self.name:
            return
        self.name = ""
        if self.connection is connections["default"]:
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)
        else:
            # Since a browser was started this thread runs an event loop, and Django gives it another.
            self.connection.in_atomic_block = False
            self.connection.close()

    def count_from_one(self) -> None:
        """Between two files: what one of them finds does not depend on those that this process ran before."""
        if self.has_counted:
            self.give_up()
            database.restore()
            self.has_counted = False

    def ensure(self, name: str) -> None:
        """In the test: it is there, or is made now."""
        assert self.name in {"", name}, f"{self.name} is there already"
        if not self.name:
            make(name)


def make(name: str) -> None:
    module, _, path = MAKERS[name].partition(":")
    maker = importlib.import_module(module)
    for part in path.split("."):
        maker = getattr(maker, part)
    maker()


def commits(item) -> bool:
    """Whether pytest-django empties the database after the test instead of undoing it."""
    marker = item.get_closest_marker("django_db")
    transactional, reset_sequences, *_ = validate_django_db(marker) if marker else (False, False)
    return transactional or reset_sequences or bool(COMMITS.intersection(item.fixturenames))


kept = Kept()
