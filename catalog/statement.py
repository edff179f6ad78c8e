"""Hand-written statements for what is asked all the time: prepared once, without the ORM's composing."""

from typing import Any

from django.db import OperationalError, connection

from audit.prepared import Parameters, prepared


def rows_of(statement: str, parameters: Parameters) -> list[tuple[Any, ...]]:
    """Return all rows of a query that only reads, on the request's own connection.

    A connection that was lost since its last use is opened again; Django asks for that with a query of
    its own.

    Raises:
        django.db.DatabaseError: as of any query.
    """
    try:
        return prepared(statement, parameters)
    except OperationalError:
        if connection.in_atomic_block or not _is_lost():
            raise
        connection.close()
        return prepared(statement, parameters)


def _is_lost() -> bool:
    return connection.connection is not None and bool(connection.connection.closed)
