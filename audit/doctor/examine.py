"""All checks, in the order in which they are told."""

from collections.abc import Callable, Sequence

from django.db import connection, transaction

from audit.doctor.contents import check_entries, check_queue, check_streams
from audit.doctor.finding import Finding
from audit.doctor.guards import (
    check_durability,
    check_functions,
    check_triggers,
    check_watched_tables,
)
from audit.doctor.privacy import check_personal_data
from audit.doctor.roles import (
    check_connection,
    check_ownership,
    check_privileges,
    check_roles,
    check_writers,
)
from audit.doctor.tree import check_sealing, check_tree

CHECKS: Sequence[Callable[[], Finding]] = (
    check_roles,
    check_connection,
    check_writers,
    check_ownership,
    check_privileges,
    check_triggers,
    check_functions,
    check_watched_tables,
    check_durability,
    check_streams,
    check_queue,
    check_entries,
    check_tree,
    check_sealing,
    check_personal_data,
)


def examine() -> list[Finding]:
    """Return what every check found."""
    with transaction.atomic(), connection.cursor() as cursor:
        # A long log takes longer than a page may.
        cursor.execute("SET LOCAL statement_timeout = '10min'")
        return [check() for check in CHECKS]
