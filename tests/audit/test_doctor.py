"""The doctor finds the log well, and finds each thing that was done to it."""

import json
import re
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from audit.doctor.contents import check_entries, check_queue, check_streams
from audit.doctor.examine import CHECKS, examine
from audit.doctor.expected import FUNCTIONS, WATCHED
from audit.doctor.guards import (
    check_durability,
    check_functions,
    check_triggers,
    check_watched_tables,
    hash_of,
)
from audit.doctor.roles import (
    check_connection,
    check_ownership,
    check_privileges,
    check_roles,
    check_writers,
)
from audit.doctor.tree import check_sealing, check_tree
from tests import factories as make
from tests.audit.conftest import connected_as

SQL = Path(__file__).resolve().parent.parent.parent / "audit" / "sql"


@pytest.fixture
def as_superuser(db):
    """Let the checks run in a superuser's transaction after some statements, and undo all of it."""

    def run(check, *statements):
        with connected_as("postgres") as superuser:
            with superuser.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
            return check()

    return run


def test_the_kept_hashes_are_those_of_the_sql_files():
    text = "".join(
        (SQL / name).read_text()
        for name in (
            "events.sql", "tree.sql", "privacy.sql", "refused.sql", "words.sql", "removal.sql",
            "words_drawn.sql",
        )
    )  # fmt: skip
    function = r"CREATE (?:OR REPLACE )?FUNCTION (\w+)\([^)]*\).*?\$\$(.*?)\$\$"
    written = re.findall(function, text, re.DOTALL)
    assert {name: hash_of(source) for name, source in written} == FUNCTIONS


@pytest.mark.django_db
def test_every_table_with_a_constraint_trigger_is_on_the_doctors_list():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
            " JOIN pg_proc p ON p.oid = t.tgfoid WHERE p.proname = 'audit_require_event'"
        )
        assert sorted(name for (name,) in cursor.fetchall()) == sorted(WATCHED)


@pytest.mark.django_db
def test_only_the_speed_of_a_test_server_is_wrong_with_a_test_server():
    make.staffed_project()
    findings = examine()
    assert len(findings) == len(CHECKS)
    assert {f.name: f.sentence for f in findings if not f.ok} == {
        "durability": "fsync is off: a crash may lose events that people were told of. "
        "full_page_writes is off: a crash may lose events that people were told of."
    }


@pytest.mark.django_db
def test_the_command_says_a_sentence_per_check_and_exits_1_when_one_is_bad():
    told = StringIO()
    with pytest.raises(SystemExit) as refused:
        call_command("audit_doctor", stdout=told, no_color=True)
    assert refused.value.code == 1
    lines = told.getvalue().splitlines()
    assert len(lines) == len(CHECKS)
    assert sum(line.startswith("ok ") for line in lines) == len(CHECKS) - 1


@pytest.mark.django_db
def test_the_command_writes_json(monkeypatch):
    monkeypatch.setattr("audit.doctor.examine.CHECKS", [check_triggers, check_streams])
    told = StringIO()
    call_command("audit_doctor", "--json", stdout=told)
    document = json.loads(told.getvalue())
    assert document["ok"] is True
    assert [check["name"] for check in document["checks"]] == ["triggers", "streams"]
    assert all(set(check) == {"name", "ok", "sentence"} for check in document["checks"])


def test_a_superuser_is_no_way_to_connect(as_superuser):
    found = as_superuser(check_connection)
    assert not found.ok
    assert "postgres, a superuser" in found.sentence


DEEDS = [
    (check_roles, "ALTER ROLE gatehouse_app CREATEDB", "gatehouse_app is CREATEDB"),
    (check_roles, "ALTER ROLE gatehouse_sequencer RENAME TO somebody", "does not exist"),
    (
        check_connection,
        "SET SESSION AUTHORIZATION gatehouse_owner",
        "to whom the audit tables belong",
    ),
    (check_ownership, "GRANT gatehouse_owner TO gatehouse_app", "is a member of gatehouse_owner"),
    (check_ownership, "ALTER TABLE audit_event OWNER TO postgres", "belongs to postgres"),
    (
        check_privileges,
        "GRANT DELETE ON audit_event TO gatehouse_app",
        "holds DELETE on audit_event",
    ),
    (check_privileges, "GRANT TRUNCATE ON audit_pending TO PUBLIC", "holds TRUNCATE"),
    (check_privileges, "GRANT UPDATE ON audit_disclosure TO gatehouse_app", "holds UPDATE"),
    (check_privileges, "REVOKE SELECT ON audit_stream FROM gatehouse_app", "lacks SELECT"),
    (check_privileges, "GRANT INSERT (recorded_at) ON audit_event TO gatehouse_app", "recorded_at"),
    (check_privileges, "GRANT UPDATE (facts) ON audit_event TO gatehouse_app", "update columns"),
    (check_privileges, "GRANT CREATE ON SCHEMA public TO gatehouse_app", "may create things"),
    (check_privileges, "ALTER ROLE gatehouse_app RENAME TO somebody", "no role gatehouse_app"),
    (check_triggers, "ALTER TABLE audit_event DISABLE TRIGGER ALL", "not enabled always"),
    (check_triggers, "DROP TRIGGER audit_event_refuses_change ON audit_event", "is missing"),
    (
        check_triggers,
        (
            "DROP TRIGGER audit_event_refuses_change ON audit_event; "
            "CREATE TRIGGER audit_event_refuses_change BEFORE UPDATE ON audit_event "
            "FOR EACH ROW EXECUTE FUNCTION audit_require_event()"
        ),
        "calls audit_require_event",
    ),
    (
        check_functions,
        (
            "CREATE OR REPLACE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql "
            "AS 'BEGIN RETURN NEW; END'"
        ),
        "audit_refuse_change is not the one",
    ),
    (check_functions, "DROP FUNCTION audit_protect()", "audit_protect is missing"),
    (
        check_watched_tables,
        "ALTER TABLE releases_approval DISABLE TRIGGER releases_approval_needs_an_event",
        "releases_approval can change without an event",
    ),
    (
        check_watched_tables,
        "DROP TRIGGER releases_release_needs_an_event ON releases_release",
        "releases_release can change",
    ),
    (check_durability, "SET LOCAL synchronous_commit = off", "synchronous_commit is off:"),
    (check_durability, "ALTER ROLE gatehouse_app SET synchronous_commit = off", "for the role"),
    (
        check_durability,
        (
            "DO $$ BEGIN EXECUTE format('ALTER ROLE gatehouse_sequencer IN DATABASE %I "
            "SET synchronous_commit = false', current_database()); END $$"
        ),
        "synchronous_commit is off for the role gatehouse_sequencer",
    ),
    (
        check_durability,
        (
            "ALTER ROLE gatehouse_signer RESET ALL; "
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', "
            "current_database()); END $$"
        ),
        "synchronous_commit is off for the role gatehouse_signer",
    ),
    (
        check_writers,
        (
            "INSERT INTO audit_event (stream, body) "
            'VALUES (\'project/1\', \'{"actor":{"id":"a"},"type":"t"}\')'
        ),
        "1 entries were written as postgres, a superuser",
    ),
    (check_roles, "ALTER ROLE gatehouse_signer SUPERUSER", "gatehouse_signer is a superuser"),
    (
        check_privileges,
        "GRANT UPDATE ON audit_leaf TO gatehouse_sequencer",
        "sequencer holds UPDATE",
    ),
    (check_privileges, "GRANT INSERT ON audit_leaf TO gatehouse_app", "gatehouse_app holds INSERT"),
    (check_privileges, "GRANT DELETE ON audit_halt TO gatehouse_signer", "signer holds DELETE"),
    (check_privileges, "GRANT INSERT ON audit_leaf TO gatehouse_signer", "signer holds INSERT"),
    (check_triggers, "ALTER TABLE audit_leaf DISABLE TRIGGER ALL", "audit_leaf is not enabled"),
    (check_triggers, "DROP TRIGGER audit_tree_only_grows ON audit_tree", "is missing"),
]


@pytest.mark.parametrize(("check", "deed", "sentence"), DEEDS, ids=[deed for _, deed, _ in DEEDS])
def test_the_doctor_sees(as_superuser, check, deed, sentence):
    found = as_superuser(check, deed)
    assert not found.ok
    assert sentence in found.sentence


WRITTEN = """INSERT INTO audit_event (stream, body)
    SELECT 'project/1', '{"actor":{"id":"a"},"type":"t"}' FROM generate_series(1, 3)"""
UNLOCKED = (
    "ALTER TABLE audit_event DISABLE TRIGGER ALL; ALTER TABLE audit_stream DISABLE TRIGGER ALL; "
    "ALTER TABLE audit_leaf DISABLE TRIGGER ALL; ALTER TABLE audit_tree DISABLE TRIGGER ALL"
)


def _after(*statements):
    return "; ".join(statements)


SEQUENCED = """INSERT INTO audit_leaf (idx, event_id, leaf_hash)
    SELECT row_number() OVER (ORDER BY id) - 1, id, leaf_hash FROM audit_event;
    DELETE FROM audit_pending"""
SIGNED = "INSERT INTO audit_checkpoint (origin, size, root, note) VALUES ('', {}, 'x', 'y')"
TAMPERINGS = [
    (check_streams, "DELETE FROM audit_event WHERE stream_seq = 2", "project/1 has 2 events"),
    (check_streams, "DELETE FROM audit_event WHERE stream_seq = 3", "counter says 3"),
    (check_streams, "UPDATE audit_stream SET last_seq = 7", "counter says 7"),
    (check_streams, "DELETE FROM audit_stream", "counter says 0"),
    (
        check_queue,
        "DELETE FROM audit_pending WHERE event_id = (SELECT min(id) FROM audit_event)",
        "3 events, 0 leaves of the tree and 2 events",
    ),
    (
        check_queue,
        "INSERT INTO audit_pending VALUES (99999)",
        "1 entries of the queue are no events",
    ),
    (check_entries, "UPDATE audit_event SET leaf_hash = 'x' WHERE stream_seq = 1", "not hash"),
    (check_entries, "UPDATE audit_event SET facts = '{}' WHERE stream_seq = 1", "something else"),
    (
        check_entries,
        "UPDATE audit_event SET recorded_at = now() - interval '1 day'",
        "something else",
    ),
    (check_entries, "UPDATE audit_event SET entry = 'no json'", "not what is written here"),
    (check_entries, 'UPDATE audit_event SET entry = \'{"b":1, "a":2}\'', "not canonical"),
    (
        check_queue,
        _after(SEQUENCED, "INSERT INTO audit_pending SELECT id FROM audit_event"),
        "leaf already",
    ),
    (check_tree, SEQUENCED, "says that it has 0 leaves, and there are 3, from 0 to 2"),
    (check_tree, "UPDATE audit_tree SET size = 1", "says that it has 1 leaves"),
    (check_tree, "UPDATE audit_tree SET root = 'x'", "do not lead to the root"),
    (
        check_tree,
        _after(SEQUENCED, "UPDATE audit_leaf SET leaf_hash = 'x' WHERE idx = 1"),
        "1 leaves have",
    ),
    (check_tree, _after(SEQUENCED, "DELETE FROM audit_event"), "3 leaves have another hash"),
    (check_sealing, "INSERT INTO audit_halt (said_by, reason) VALUES ('x', 'No.')", "No."),
    (check_sealing, SIGNED.format(5), "5 entries is signed, and the tree has 0"),
    (check_sealing, SIGNED.format(0), "signed root of 0 entries is not the tree's"),
]


@pytest.mark.parametrize(
    ("check", "deed", "sentence"), TAMPERINGS, ids=[deed for _, deed, _ in TAMPERINGS]
)
def test_the_doctor_sees_what_a_superuser_did_to_the_contents(as_superuser, check, deed, sentence):
    assert as_superuser(check, WRITTEN).ok
    found = as_superuser(check, WRITTEN, UNLOCKED, deed)
    assert not found.ok
    assert sentence in found.sentence
