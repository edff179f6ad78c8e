"""Statements that run all the time: prepared once a connection, and not composed anew for each call."""

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from django.db import connection

Parameters = Mapping[str, Any] | Sequence[Any]


def prepared(
    statement: str, parameters: Parameters, *, binary: bool = False
) -> list[tuple[Any, ...]]:
    """Return all rows of a statement, run on the request's own connection and in its transaction.

    Where queries are logged or wrapped (tests, debugging) it goes Django's way, so that it is counted.
    Behind a pooler (``DATABASE_PREPARES=False``) it is sent whole every time.

    Args:
        statement: a constant of the code; the connection keeps its plan.
        parameters: its values, by name or in order.
        binary: fetch numbers, times and bytes as PostgreSQL holds them, which is cheaper to read.

    Raises:
        django.db.DatabaseError: as of any query.
    """
    if connection.queries_logged or connection.execute_wrappers:
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return list(cursor.fetchall())
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as plain:
        plain.execute(statement, parameters, prepare=True, binary=binary)
        return plain.fetchall()
