"""One PostgreSQL server: its data, its command line, its traps."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql

from portal.embedded.binaries import postgres_binary
from portal.embedded.errors import CannotStart
from portal.embedded.unprivileged import Identity, postgres_identity

SUPERUSER = "postgres"
ROLES_SQL = Path(__file__).resolve().parent.parent.parent / "audit" / "sql" / "roles.sql"

_STATUS_LINE = 7
"""Counted from zero; LOCK_FILE_LINE_PM_STATUS in PostgreSQL's miscadmin.h."""

_ALWAYS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "shared_buffers": "64MB",
    "max_connections": "150",
    "max_wal_size": "512MB",
    # The page-cost default is for rotating disks.
    "random_page_cost": "1.1",
}
# A test's database may be lost with the machine; it is worth a tenth of the time.
_FORGETFUL = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "max_wal_size": "2GB",
}


@dataclass(frozen=True)
class PostgresServer:
    """A server whose data lies at ``data`` and whose socket at ``sockets``."""

    data: Path
    sockets: Path
    durable: bool = True
    """False for tests: commits are not forced to the disk."""
    identity: Identity = field(default_factory=postgres_identity)

    def initialise(self) -> bool:
        """Create the data directory unless it exists; say whether it was created.

        Raises:
            CannotStart: initdb refused, or the data is another major version's.
        """
        if (self.data / "PG_VERSION").is_file():
            self._refuse_other_version()
            return False
        # Built aside and renamed: an initdb that was killed half-way leaves nothing to trip over.
        unfinished = self.data.with_name(f"{self.data.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        for directory in (self.data.parent, self.sockets):
            self.identity.create(directory)
        command = [*self.identity.prefix, str(postgres_binary("initdb")), "-D", str(unfinished)]
        command += ["-U", SUPERUSER, "-E", "UTF8", "--locale=C.UTF-8", "--auth=trust"]
        command += [] if self.durable else ["--no-sync"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise CannotStart(f"PostgreSQL could not create its data: {done.stderr.strip()}")
        unfinished.rename(self.data)
        return True

    def _refuse_other_version(self) -> None:
        made_by = (self.data / "PG_VERSION").read_text().strip()
        done = subprocess.run(
            [str(postgres_binary("postgres")), "--version"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        have = done.stdout.split()[-1].split(".")[0]
        if made_by != have:
            raise CannotStart(
                f"The data in {self.data} was made by PostgreSQL {made_by}, and this is {have}. "
                f"Dump it with the older version, or give it up:  make reset"
            )

    def command(self) -> list[str]:
        """Return the command line of the server."""
        settings = _ALWAYS | ({} if self.durable else _FORGETFUL)
        words = [*self.identity.prefix, str(postgres_binary("postgres")), "-D", str(self.data)]
        words += ["-k", str(self.sockets)]
        for name, value in settings.items():
            words += ["-c", f"{name}={value}"]
        return words

    def running_pid(self) -> int | None:
        """Return the pid of the living postmaster of this data directory, if there is one.

        A zombie is not living: where pid 1 does not reap, a killed postmaster stays in the process
        table, and PostgreSQL itself would take it for a running server. Nor is an unrelated process
        that was given the same number since.
        """
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
            process = psutil.Process(pid)
            is_ours = str(self.data) in process.cmdline()
        except (OSError, ValueError, psutil.Error):
            return None
        return pid if is_ours and process.status() != psutil.STATUS_ZOMBIE else None

    def clear_stale_lock(self) -> None:
        """Remove the lock files of a server that is no more; PostgreSQL would refuse to start."""
        if self.running_pid() is None:
            (self.data / "postmaster.pid").unlink(missing_ok=True)
            (self.sockets / ".s.PGSQL.5432.lock").unlink(missing_ok=True)

    def url(self, user: str, database: str) -> str:
        """Return the address of ``database`` as ``user``, for libpq and Django alike."""
        return f"postgresql://{user}@{quote(str(self.sockets), safe='')}/{database}"

    @contextmanager
    def superuser(self, database: str = "postgres") -> Iterator[psycopg.Connection]:
        """Yield a connection of the superuser that commits each statement."""
        with psycopg.connect(self.url(SUPERUSER, database), autocommit=True) as connection:
            yield connection

    def wait_until_ready(self, seconds: float = 60) -> None:
        """Return as soon as the server takes connections (recovery after a crash included).

        Raises:
            CannotStart: it did not within ``seconds``.
        """
        deadline = time.monotonic() + seconds
        while not self._is_ready():
            if time.monotonic() > deadline:
                raise CannotStart(f"PostgreSQL did not start within {seconds:.0f} s.")
            time.sleep(0.02)

    def _is_ready(self) -> bool:
        """Say what the server wrote last into its pid file, as `pg_ctl` reads it."""
        if self.running_pid() is None:
            return False
        lines = (self.data / "postmaster.pid").read_text().splitlines()
        return len(lines) > _STATUS_LINE and lines[_STATUS_LINE].strip() == "ready"

    def drop(self, database: str) -> None:
        """Drop ``database`` with everything in it, whoever is connected."""
        with self.superuser() as connection:
            statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
            connection.execute(statement.format(sql.Identifier(database)))

    def prepare(self, database: str) -> bool:
        """Make sure that the roles and ``database`` exist; say whether the database is new."""
        with self.superuser() as connection:
            seen = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database])
            is_new = seen.fetchone() is None
            if is_new:
                statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database))
                connection.execute(statement)
        with self.superuser(database) as connection:
            # Without parameters psycopg sends the file as it is, many statements at once.
            connection.execute(ROLES_SQL.read_bytes())
            connection.execute(
                sql.SQL("ALTER DATABASE {} OWNER TO gatehouse_owner").format(
                    sql.Identifier(database)
                )
            )
        return is_new
