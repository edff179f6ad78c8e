"""Hand-written statements for what is asked all the time: prepared once, without the ORM's composing."""

from collections.abc import Mapping
from typing import Any

import psycopg
from django.db import OperationalError, connection


def rows_of(statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return all rows of a query that only reads, on the request's own connection.

    Where queries are logged (tests, debugging) it goes Django's way, so that it is counted. A connection
    that was lost since its last use is opened again; Django asks for that with a query of its own.

    Raises:
        django.db.DatabaseError: as of any query.
    """
    if connection.queries_logged:
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return list(cursor.fetchall())
    try:
        return _prepared(statement, parameters)
    except OperationalError:
        if connection.in_atomic_block or not _is_lost():
            raise
        connection.close()
        return _prepared(statement, parameters)


def _prepared(statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as plain:
        plain.execute(statement, parameters, prepare=True)
        return plain.fetchall()


def _is_lost() -> bool:
    return connection.connection is not None and bool(connection.connection.closed)
