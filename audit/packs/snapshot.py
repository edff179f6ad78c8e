"""One state of the database for the whole pack: what is read an hour later is of the same moment."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg
from django.db import connections
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from psycopg.sql import SQL

_BATCH: Final = 2000
"""Rows that a cursor fetches at once."""

Row = Sequence[Any]


@dataclass(frozen=True)
class Snapshot:
    """Reads of one moment, on a connection of its own.

    Attributes:
        at: the moment.
    """

    connection: "psycopg.Connection[Any]"
    at: datetime

    def one(self, sql: str, parameters: Mapping[str, Any]) -> Any:
        """Return the only value of a query; None when it has no row."""
        row = self.connection.execute(sql, parameters).fetchone()
        return None if row is None else row[0]

    def all(self, sql: str, parameters: Mapping[str, Any], *, binary: bool = False) -> list[Row]:
        """Return all rows of a query that cannot have many; ``binary`` is faster for bytes."""
        if not binary:
            return self.connection.execute(sql, parameters).fetchall()
        # Django's own cursors bind at the client, and so cannot ask for binary results.
        with psycopg.Cursor(self.connection) as cursor:
            return cursor.execute(sql, parameters, binary=True).fetchall()

    def stream(
        self, sql: str, parameters: Mapping[str, Any]
    ) -> Iterator[tuple[list[str], Iterator[Row]]]:
        """Yield once: the columns' names, and the rows, of which a few are in memory at a time."""
        with self.connection.cursor(name="gatehouse_pack") as cursor:
            cursor.itersize = _BATCH
            cursor.execute(sql, parameters)
            yield [column.name for column in cursor.description or ()], iter(cursor)

    streaming = contextmanager(stream)

    def ask_for_copy(self, statement: str, parameters: Mapping[str, Any]) -> None:
        """Send a ``COPY … TO STDOUT``; PostgreSQL writes while the caller does something else.

        Nothing else may be asked until ``copied`` returned.
        """
        written = psycopg.ClientCursor(self.connection).mogrify(statement, parameters)
        self.connection.pgconn.send_query(written.encode())

    def copied(self) -> list[bytes]:
        """Return the rows that were asked for, which cannot be many; none if nothing was.

        Raises:
            psycopg.Error: the database refuses it.
        """
        # psycopg's own reader asks the socket before each row, and takes as long as PostgreSQL does.
        line = self.connection.pgconn
        rows: list[bytes] = []
        following = line.get_copy_data
        while answered := line.get_result():
            if answered.status == ExecStatus.COPY_OUT:
                length, row = following(0)
                while length > 0:
                    # A list of views would set the collector of cycles going.
                    rows.append(bytes(row))
                    length, row = following(0)
            elif answered.status != ExecStatus.COMMAND_OK:
                raise error_from_result(answered)
        return rows

    def rows(self, sql: str, parameters: Mapping[str, Any]) -> Iterator[Row]:
        """Yield the rows of a query that may have millions."""
        with self.streaming(sql, parameters) as (_, rows):
            yield from rows


@contextmanager
def snapshot(shared: Snapshot | None = None) -> Iterator[Snapshot]:
    """Open a snapshot of the database as it is committed now; it may be read for as long as it takes.

    With ``shared`` it is another connection that sees what that one sees.
    """
    wrapper = connections["default"].copy()
    try:
        wrapper.ensure_connection()
        raw: psycopg.Connection[Any] = wrapper.connection
        raw.autocommit = True
        # It ends with its connection: whoever stops in the middle may have left an answer unread.
        raw.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        if shared is not None:
            name = shared.one("SELECT pg_export_snapshot()", {})
            raw.execute(SQL("SET TRANSACTION SNAPSHOT {}").format(name))
        # A pack takes what it takes; the limits of a web request are none of its own.
        raw.execute("SET LOCAL statement_timeout = 0")
        raw.execute("SET LOCAL work_mem = '32MB'")
        [(at,)] = raw.execute("SELECT clock_timestamp()").fetchall()
        yield Snapshot(raw, at)
    finally:
        wrapper.close()
