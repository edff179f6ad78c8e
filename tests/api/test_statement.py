import psycopg
import pytest
from django.db import OperationalError, connection, transaction

from catalog.statement import rows_of

ME = "/api/v1/me/"


def server():
    settings = connection.settings_dict
    return psycopg.connect(
        host=settings["HOST"], dbname=settings["NAME"], user=settings["USER"], autocommit=True
    )


def drop_the_connection():
    """As a restart of the database does: the client hears of it at its next query."""
    backend = connection.connection.info.backend_pid
    with server() as other:
        other.execute("SELECT pg_terminate_backend(%s)", [backend])
        while other.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [backend]).fetchone():
            pass


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_was_lost_since_its_last_use_is_opened_again(api):
    assert api.get(ME).status_code == 200
    drop_the_connection()
    assert rows_of("SELECT %(n)s::int", {"n": 7}) == [(7,)]


@pytest.mark.django_db(transaction=True)
def test_inside_a_transaction_a_lost_connection_is_an_error():
    with pytest.raises(OperationalError):
        _lose_it_halfway()
    connection.close()


@transaction.atomic
def _lose_it_halfway():
    rows_of("SELECT 1", {})
    drop_the_connection()
    rows_of("SELECT 1", {})


@pytest.mark.django_db(transaction=True)
def test_a_statement_that_takes_too_long_is_not_tried_again():
    rows_of("SELECT set_config('statement_timeout', '50', false)", {})
    with pytest.raises(OperationalError, match="timeout"):
        rows_of("SELECT pg_sleep(5)", {})
    connection.close()


@pytest.mark.django_db(transaction=True)
def test_without_prepared_statements_the_same_rows_come():
    connection.ensure_connection()
    connection.connection.prepare_threshold = None
    assert rows_of("SELECT %(n)s::int", {"n": 7}) == [(7,)]
    assert rows_of("SELECT %(n)s::int", {"n": 8}) == [(8,)]
    connection.close()
