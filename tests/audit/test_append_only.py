"""The database refuses what must never happen to the log, whoever asks by plain SQL."""

# ruff: noqa: S608 -- the statements are this file's own

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.utils import InternalError, NotSupportedError, ProgrammingError

from audit.models import Event
from audit.record import record
from tests.audit.conftest import Happened, Somebody, Thing, connected_as

BODY = '{"actor":{"id":"usr_1"},"type":"t"}'
REFUSED = (ProgrammingError, InternalError, NotSupportedError)


def run(statement, *parameters):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, parameters or None)


@pytest.fixture
def an_event(db):
    record(Happened.PLAIN, subject=Thing(), by=Somebody())
    return Event.objects.get()


FOR_THE_APPLICATION = [
    "UPDATE audit_event SET entry = ''",
    "UPDATE audit_event SET body = 'x' WHERE false",
    "DELETE FROM audit_event",
    "TRUNCATE audit_event",
    "TRUNCATE audit_event, audit_stream, audit_pending CASCADE",
    f"INSERT INTO audit_event (stream, body, uid) VALUES ('a/1', '{BODY}', gen_random_uuid())",
    f"INSERT INTO audit_event (stream, body, recorded_at) VALUES ('a/1', '{BODY}', now())",
    f"INSERT INTO audit_event (stream, body, xid) VALUES ('a/1', '{BODY}', '7')",
    f"INSERT INTO audit_event (stream, body, db_user) VALUES ('a/1', '{BODY}', 'me')",
    f"INSERT INTO audit_event (stream, body, stream_seq) VALUES ('a/1', '{BODY}', 7)",
    f"INSERT INTO audit_event (stream, body, entry) VALUES ('a/1', '{BODY}', '')",
    f"INSERT INTO audit_event (stream, body, leaf_hash) VALUES ('a/1', '{BODY}', '')",
    f"INSERT INTO audit_event (id, stream, body) VALUES (7, 'a/1', '{BODY}')",
    f"INSERT INTO audit_event (id, stream, body) OVERRIDING SYSTEM VALUE VALUES (7, 'a/1', '{BODY}')",
    "INSERT INTO audit_pending VALUES (7)",
    "DELETE FROM audit_pending",
    "UPDATE audit_pending SET event_id = 7",
    "TRUNCATE audit_pending",
    "INSERT INTO audit_stream VALUES ('a/1', 7)",
    "UPDATE audit_stream SET last_seq = 7",
    "DELETE FROM audit_stream",
    "TRUNCATE audit_stream",
    "UPDATE audit_disclosure SET sealed = '{}'",
    "TRUNCATE audit_disclosure",
    "ALTER TABLE audit_event DISABLE TRIGGER ALL",
    "ALTER TABLE audit_event DISABLE TRIGGER audit_event_is_composed_here",
    "DROP TRIGGER audit_event_refuses_change ON audit_event",
    "ALTER TABLE releases_approval DISABLE TRIGGER ALL",
    "CREATE TRIGGER mine BEFORE INSERT ON audit_event EXECUTE FUNCTION audit_refuse_change()",
    "CREATE RULE mine AS ON INSERT TO audit_event DO INSTEAD NOTHING",
    "ALTER TABLE audit_event DROP COLUMN entry",
    "DROP TABLE audit_event",
    "CREATE TABLE public.audit_event2 (id int)",
    "CREATE OR REPLACE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE sql AS ''",
    "DROP FUNCTION audit_require_event() CASCADE",
    "SELECT setval('audit_event_id_seq', 1000)",
    "SET session_replication_role = replica",
    "SET ROLE gatehouse_owner",
    "SET SESSION AUTHORIZATION gatehouse_owner",
    "GRANT gatehouse_owner TO gatehouse_app",
    "ALTER ROLE gatehouse_app SUPERUSER",
    "COPY audit_event (id, stream, body) FROM STDIN",
]


@pytest.mark.parametrize("statement", FOR_THE_APPLICATION)
def test_the_application_may_not(an_event, statement):
    with pytest.raises(REFUSED):
        run(statement)
    assert Event.objects.get().leaf_hash == an_event.leaf_hash


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET body = 'x'",
        "DELETE FROM audit_event",
        "TRUNCATE audit_event",
        "TRUNCATE audit_event CASCADE",
        "DELETE FROM audit_stream",
        "TRUNCATE audit_stream",
    ],
)
@pytest.mark.django_db
def test_not_even_the_owner_changes_the_past(statement):
    with connected_as("gatehouse_owner") as owner, owner.cursor() as cursor:
        cursor.execute(f"INSERT INTO audit_event (stream, body) VALUES ('a/1', '{BODY}')")
        with pytest.raises(DatabaseError, match="append-only"):
            cursor.execute(statement)


@pytest.mark.django_db
def test_a_superuser_in_the_mode_of_a_replica_is_refused_too():
    with connected_as("postgres") as superuser, superuser.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(f"INSERT INTO audit_event (stream, body) VALUES ('a/1', '{BODY}')")
        with pytest.raises(DatabaseError, match="append-only"):
            cursor.execute("DELETE FROM audit_event")


@pytest.mark.parametrize(
    ("stream", "body"),
    [
        ("a/1", None),
        ("a/1", ""),
        ("a/1", "{}"),
        ("a/1", '{"type":"t"}'),
        ("a/1", '{"actor":{"id":"x"}}'),
        ("a/1", "no json"),
        ("a/1", f'{BODY},"v":2}}'),
        ("a/1", '{"actor":{"id":"usr_1"},"type":"\\u0000"}'),
        (None, BODY),
    ],
)
@pytest.mark.django_db
def test_an_event_without_its_parts_is_refused(stream, body):
    with pytest.raises(DatabaseError):
        run("INSERT INTO audit_event (stream, body) VALUES (%s, %s)", stream, body)
    assert not Event.objects.exists()


@pytest.mark.django_db
def test_an_entry_that_does_not_fit_a_tile_is_refused_by_the_database_as_well():
    body = f'{{"actor":{{"id":"usr_1"}},"data":"{"x" * 66_000}","type":"t"}}'
    with pytest.raises(DatabaseError, match="audit_entry_fits_a_tile"):
        run("INSERT INTO audit_event (stream, body) VALUES ('a/1', %s)", body)


@pytest.mark.django_db
def test_a_temporary_table_does_not_take_the_place_of_the_real_one(an_event):
    run("CREATE TEMPORARY TABLE audit_stream (stream text primary key, last_seq bigint)")
    run("CREATE TEMPORARY TABLE audit_pending (event_id bigint)")
    receipt = record(Happened.PLAIN, subject=Thing(), by=Somebody())
    assert receipt.stream_seq == 2
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_temp.audit_pending")
        assert cursor.fetchone() == (0,)


@pytest.mark.django_db
def test_the_sequencer_reads_events_and_empties_the_queue_and_may_do_nothing_else():
    with connected_as("gatehouse_sequencer") as sequencer, sequencer.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM audit_event")
        cursor.execute("DELETE FROM audit_pending")
        for statement in (
            f"INSERT INTO audit_event (stream, body) VALUES ('a/1', '{BODY}')",
            "DELETE FROM audit_event",
            "SELECT * FROM audit_disclosure",
            "SELECT * FROM catalog_user",
            "INSERT INTO audit_pending VALUES (1)",
        ):
            cursor.execute("SAVEPOINT before")
            with pytest.raises(ProgrammingError, match="permission denied"):
                cursor.execute(statement)
            cursor.execute("ROLLBACK TO before")
