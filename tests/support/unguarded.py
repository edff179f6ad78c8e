"""Past the triggers, as the tables' owner or a superuser can go."""

from contextlib import contextmanager

MODES = {"O": "ENABLE", "A": "ENABLE ALWAYS", "R": "ENABLE REPLICA", "D": "DISABLE"}


@contextmanager
def unguarded(connection, *tables, asleep="USER"):
    """Let the tables' triggers sleep; afterwards each is as it was, so that later tests find the same.

    With ``asleep="ALL"`` foreign keys sleep as well.
    """
    before = connection.execute(
        "SELECT tgrelid::regclass::text, tgname, tgenabled::text FROM pg_trigger"
        " WHERE tgrelid = ANY(%s::regclass[]) AND NOT tgisinternal",
        [list(tables)],
    ).fetchall()
    for table in tables:
        connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER {asleep}")
    yield
    connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for table in tables:
        connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER {asleep}")
    for table, trigger, mode in before:
        connection.execute(f"ALTER TABLE {table} {MODES[mode]} TRIGGER {trigger}")
