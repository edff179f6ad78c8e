"""Hand-written statements for what is asked all the time: prepared once, without the ORM's composing."""

from collections.abc import Mapping
from typing import Any

import psycopg
from django.db import OperationalError, connection


def rows_of(statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return all rows, on the request's own connection.

    Where queries are logged (tests, debugging) the statement goes Django's way, so that it is counted.
    Only for reading: a connection that broke since the last request is opened anew, and asked again.

    Raises:
        django.db.DatabaseError: as of any query.
    """
    if connection.queries_logged:
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return list(cursor.fetchall())
    may_be_stale = connection.connection is not None and not connection.in_atomic_block
    connection.ensure_connection()
    try:
        return _plainly(statement, parameters)
    except OperationalError:
        if not (may_be_stale and connection.connection.broken):
            raise
    connection.close()
    connection.ensure_connection()
    return _plainly(statement, parameters)


def _plainly(statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as plain:
        plain.execute(statement, parameters, prepare=True)
        return plain.fetchall()
