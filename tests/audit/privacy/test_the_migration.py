"""What stood in plain text is sealed by the migration, under the keys that the actions choose now."""

import base64
from importlib import import_module

import pytest
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader

from audit.models import Event
from audit.privacy.disclosures import disclosed
from audit.record import record
from tests.audit.conftest import Happened, Somebody, Thing, connected_as

migration = import_module("audit.migrations.0008_private_values_under_keys")

SALT = base64.b64encode(b"0" * 32).decode()
ACTOR = {"id": "usr_actor", "kind": "person"}
CASES = {
    "the actor's own name": ({"actor": ACTOR}, "actor", "usr_actor"),
    "a comment": ({"actor": ACTOR, "object": {"type": "account", "id": "usr_b"}}, "comment", "usr_actor"),
    "a name in an account's stream": (
        {"actor": ACTOR, "object": {"type": "account", "id": "usr_b"}}, "person", "usr_b",
    ),
    "who joined a team": (
        {"actor": ACTOR, "object": {"type": "team", "id": 1}, "data": {"account": "usr_b"}},
        "person", "usr_b",
    ),
    "who got a role": ({"actor": ACTOR, "data": {"account": "usr_b"}}, "member", "usr_b"),
    "whose token": ({"actor": ACTOR, "data": {"account_id": "usr_b"}}, "account", "usr_b"),
    "a team": ({"actor": ACTOR, "data": {"account": "ci-payments"}}, "account", "usr_actor"),
}  # fmt: skip


@pytest.mark.parametrize(("facts", "field", "subject"), CASES.values(), ids=CASES)
def test_a_value_goes_under_the_key_of_whom_it_concerns(facts, field, subject):
    assert migration.whom_it_concerns(facts, field) == subject


@pytest.mark.django_db
def test_plain_rows_are_sealed_and_say_what_they_said():
    with connected_as("gatehouse_owner") as owner, transaction.atomic():
        with owner.cursor() as cursor:
            cursor.execute("DELETE FROM audit_disclosure")
            cursor.execute("ALTER TABLE audit_disclosure ADD COLUMN values jsonb")
        record(Happened.PLAIN, subject=Thing(), by=Somebody())
        event = Event.objects.latest("pk")
        with owner.cursor() as cursor:
            cursor.execute(
                "UPDATE audit_disclosure SET sealed = '{}', values = %s::jsonb",
                [f'{{"actor": ["{SALT}", "Priya Raman"], "reason": ["{SALT}", "spring"]}}'],
            )
            cursor.execute(
                "INSERT INTO audit_disclosure (event_id, sealed, values) VALUES (-1, '{}', '{}')"
            )
        state = MigrationLoader(connection).project_state(("audit", "0007_evidence_packs"))
        for operation in migration.Migration.operations[:2]:
            operation.state_forwards("audit", state)
        # The key that the event made is another than the one that the migration makes.
        with owner.cursor() as cursor:
            cursor.execute("ALTER TABLE audit_subjectkey DISABLE TRIGGER USER")
            cursor.execute("DELETE FROM audit_subjectkey")
        migration.seal_what_is_plain(state.apps, None)
        assert disclosed([event.pk]) == {event.pk: {"actor": "Priya Raman", "reason": "spring"}}
