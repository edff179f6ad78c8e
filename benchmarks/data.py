"""The data: one change request made by the actions, then multiplied by SQL to a history of years."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from benchmarks.machine import DATABASE, SMALL, Machine, loading
from portal.embedded.layout import CHECKOUT

_HERE = Path(__file__).resolve().parent
FIRST = 1001
"""The number of the first copied change request."""
PROJECTS = 200
AWAITING = range(FIRST + 1 * PROJECTS, FIRST + 2 * PROJECTS)
"""The change requests that wait for a signature: the same ones, whatever the size."""
DEPLOYED = range(FIRST + 3 * PROJECTS, FIRST + 4 * PROJECTS)


@dataclass(frozen=True)
class Ground:
    """Who calls, and with what. Tokens and sessions are plain texts."""

    size: int
    tokens: Mapping[str, str]
    sessions: Mapping[str, str]
    baseline_token: str
    baseline_session: str


def load(machine: Machine, size: int) -> Ground:
    """Fill the database with ``size`` change requests, and the small one with a tenth of them."""
    with loading(machine):
        machine.postgres.prepare(DATABASE)
        machine.manage("migrate", "--verbosity", "0")
        machine.manage(
            "migrate", "--verbosity", "0", "--run-syncdb",
            DJANGO_SETTINGS_MODULE="benchmarks.baseline.settings",
        )  # fmt: skip
        made = _answer_of(machine, "benchmarks.people", "benchmarks.settings")
        baseline = _answer_of(machine, "benchmarks.baseline.people", "benchmarks.baseline.settings")
        _multiply(machine, made["pattern"], size)
    return Ground(
        size=size,
        tokens=made["tokens"],
        sessions=made["sessions"],
        baseline_token=baseline["token"],
        baseline_session=baseline["session"],
    )


def _answer_of(machine: Machine, module: str, settings: str) -> dict[str, Any]:
    """Run a module that builds with Django and return the JSON that it prints."""
    environment = os.environ | machine.environment(DJANGO_SETTINGS_MODULE=settings)
    done = subprocess.run(
        [sys.executable, "-m", module],
        cwd=CHECKOUT, env=environment, check=True, stdout=subprocess.PIPE,
    )  # fmt: skip
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _multiply(machine: Machine, pattern: int, size: int) -> None:
    _part(machine, DATABASE, pattern, 1, size // 10)
    with machine.postgres.superuser() as superuser:
        copy = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER gatehouse_owner")
        superuser.execute(copy.format(sql.Identifier(SMALL), sql.Identifier(DATABASE)))
    _part(machine, DATABASE, pattern, size // 10 + 1, size)
    for database in (DATABASE, SMALL):
        with machine.postgres.superuser(database) as superuser:
            superuser.execute("VACUUM ANALYZE")


def _part(machine: Machine, database: str, pattern: int, first: int, last: int) -> None:
    with psycopg.connect(machine.postgres.url("postgres", database)) as superuser:
        for name, value in (("first", first), ("last", last), ("pattern", pattern)):
            superuser.execute(f"SET bench.{name} = {value:d}")
        superuser.execute((_HERE / "data.sql").read_bytes())


def projects() -> bytes:
    """Return the SQL that makes the projects."""
    return (_HERE / "projects.sql").read_bytes()
