"""A signer in a directory of the test."""

import pytest

from tests.support.log import Signing


@pytest.fixture
def signing(tmp_path, transactional_db):
    return Signing(tmp_path)


@pytest.fixture
def superuser_does(transactional_db):
    """What a superuser can do, past every trigger."""
    import psycopg  # noqa: PLC0415 -- next to its use

    from tests.support.log import url  # noqa: PLC0415 -- needs Django

    def run(*statements):
        tables = "audit_event", "audit_leaf", "audit_tree", "audit_checkpoint", "audit_stream"
        with psycopg.connect(url("postgres")) as connection:
            for table in tables:
                connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            for statement in statements:
                connection.execute(statement)
            connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
            names = connection.execute(
                "SELECT tgrelid::regclass::text, tgname FROM pg_trigger"
                " WHERE tgrelid = ANY(%s::regclass[]) AND NOT tgisinternal",
                [list(tables)],
            ).fetchall()
            for table, name in names:
                connection.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")

    return run
