"""Hand-written statements for what is asked all the time: prepared once, without the ORM's composing."""

from collections.abc import Mapping
from typing import Any

import psycopg
from django.db import connection


def rows_of(statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return all rows, on the request's own connection.

    Where queries are logged (tests, debugging) the statement goes Django's way, so that it is counted.

    Raises:
        django.db.DatabaseError: as of any query.
    """
    if connection.queries_logged:
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return list(cursor.fetchall())
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as plain:
        plain.execute(statement, parameters, prepare=True)
        return plain.fetchall()
