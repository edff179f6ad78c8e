"""Whoever has the application's sign-in records what they like: it stops nobody who reads the log."""

import json
import re

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from audit.completeness.reconciliation import checks as reconciliations
from audit.completeness.reconciliation import reconcile
from audit.controls.answer import results
from audit.controls.check import all_checks, rows_of
from audit.controls.check import sources as check_sources
from audit.controls.question import Question
from audit.models import Event
from audit.packs.population import PARAMETERS, sources
from audit.reach import Reach
from audit.record import record
from audit.sentences import sentence_templates, with_sentences
from catalog.models import Environment, the_portal
from deployments.audit_events import DeploymentEvent
from deployments.erasure import erase
from models_registry.audit_events import ModelEvent
from models_registry.models import Finding
from portal.moment import shapes
from portal.moment.moment import moment_of
from tests import factories
from tests.models_registry.lab import model_of

pytestmark = pytest.mark.django_db

NAMES = (
    "account", "account_id", "after", "approval", "before", "changed", "content_digest", "counted", "days",
    "digest", "digests", "environment", "environments", "expires_at", "finding", "first_role", "images",
    "key_sha256", "membership", "name", "permissions", "policy", "role", "roles", "sha256",
    "statement_digest", "subject_id", "superuser", "team", "up_to", "why",
)  # fmt: skip
"""What some SQL, or a moment, reads of ``data``."""

DEEP = 5000
"""Levels, and digits: beyond what Python reads, and within what PostgreSQL keeps."""

VALUES = {
    "text": "odd", "nothing": "", "none": None, "a number": -5, "a large one": 10**30, "yes": True,
    "a list": [[1], "odd", None], "an empty list": [], "an object": {"permissions": [{}], "a": [1]},
}  # fmt: skip
WHOLE = {
    **{
        name: {"data": dict.fromkeys(NAMES, value), "object": {"id": value, "label": value, "type": value}}
        for name, value in VALUES.items()
    },
    "lists for parts": {"data": [1], "object": ["id"], "private": [1], "source": "none"},
    "texts for parts": {"data": "odd", "object": "odd", "outcome": ["denied"], "private": "odd"},
    "numbers for parts": {"data": 5, "object": 5, "outcome": "denied", "private": 5},
    "nothing at all": {},
}  # fmt: skip


ODD_HEADS = [
    '{"actor":{"id":"usr_1"},"type":{"of":"no event"},"data":{"why":"odd"}}',
    '{"actor":{"id":"usr_1"},"type":["releases.approved"],"data":{"why":"odd"}}',
    '{"actor":{"id":"no pseudonym / but this"},"type":"releases.approved"}',
    '{"actor":{"id":"usr_1","kind":{}},"type":"releases.approved"}',
    *(
        f'{{"actor":{{"id":"usr_1"}},"type":"releases.approved","data":{{"why":{"[" * depth}{"]" * depth}}}}}'
        for depth in (300, 700)
    ),
]
"""What is before the parts is odd, or Python reads what it cannot write again."""


def statements():
    """Everything that packs, controls and reconciliations ask the log."""
    for source in sources():
        yield source.streams
        yield from (each.sql for each in source.populations)
        yield from (sql for each in source.reconciliations for sql in (each.expected, each.actual))
    for source in check_sources():
        yield from source.shared.values()
        yield from (each.sql for each in source.checks)
    for each in reconciliations():
        yield repr(each)
        yield " ".join(f"'{event}'" for event in getattr(each, "events", ()))


def kinds():
    """The kinds of entries that any of them reads, or that a moment does."""
    asked = re.findall(r"'([a-z_]+\.[a-z_]+)'", " ".join(statements()))
    asked += [str(kind) for kind in (*shapes._SHAPES, DeploymentEvent.ATTESTED)]
    return sorted({*asked} & sentence_templates().keys())


@pytest.fixture
def world(db):
    """A project in which all has been done that the lists are about."""
    from tests.pages.world import World  # noqa: PLC0415 -- needs Django

    world = World.make()
    world.change = world.deployed()
    model = model_of(world.project)
    finding = Finding.objects.create(model=model, kind="alias_moved", sentence="It was moved.")
    record(
        ModelEvent.FOUND, subject=model, by=the_portal(), finding=finding.pk, what="It was moved."
    )
    item = world.change.release.items.get()
    world.streams = [
        model.audit_stream, world.change.audit_stream, world.change.release.audit_stream,
        item.artifact_version.audit_stream, world.staging.audit_stream, world.project.audit_stream,
    ]  # fmt: skip
    return world


def record_past_the_portal(world):
    """Record entries of every kind that is read, of every shape, about everything that is there."""
    actor = {"id": world.tom.pseudonym}
    bodies = [
        json.dumps({"actor": actor, "type": kind, "project": "payments", **parts})
        for kind in kinds()
        for parts in WHOLE.values()
    ]
    bodies += [
        f'{{"actor":{json.dumps(actor)},"data":{data},"type":"releases.approved"}}'
        for data in ("[" * DEEP + "]" * DEEP, f'{{"approval":{"9" * DEEP}}}')
    ] + ODD_HEADS
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_event (stream, body)"
            " SELECT s, b FROM unnest(%s::text[]) s, unnest(%s::text[]) b",
            [world.streams, bodies],
        )


def test_every_list_and_comparison_of_a_pack_is_drawn_beside_them(world):
    record_past_the_portal(world)
    asked = dict.fromkeys(PARAMETERS) | {"size": 10**6}
    with connection.cursor() as cursor:
        for source in sources():
            for each in source.populations:
                cursor.execute(each.sql, asked)
            for each in source.reconciliations:
                cursor.execute(f"SELECT ({each.expected}) - ({each.actual})", asked)


def test_every_check_of_a_control_is_counted_beside_them(world):
    record_past_the_portal(world)
    question = Question(projects=None)
    counted = results(list(all_checks().values()), question, whole=True)
    with connection.cursor() as cursor:
        for name, check in all_checks().items():
            cursor.execute(rows_of(check), question.parameters)
            assert counted[name].cases >= 0


def test_what_the_tables_hold_is_compared_with_the_log_beside_them(world):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_event (stream, body) VALUES ('team/1', %s)",
            ['{"actor":{"id":"usr_1"},"type":"catalog.team_member_added"}'],
        )
    assert "What has no name: nothing in the tables" in " ".join(
        each.sentence for each in reconcile()
    )
    record_past_the_portal(world)
    assert all(each.sentence for each in reconcile())


def ran(moment):
    return [(each.number, each.version.artifact.name) for each in moment.running.runs]


def test_a_moment_is_computed_beside_them_and_says_which_it_left_out(world):
    then = timezone.now()
    record_past_the_portal(world)
    read_twice = {
        "actor": {"id": "usr_1"}, "data": {"environment": "staging"}, "object": {"id": "odd"},
        "project": "payments", "type": "releases.deployed",
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_event (stream, body) VALUES (%s, %s)",
            [world.change.audit_stream, json.dumps(read_twice)],
        )
    place = Environment.objects.select_related("project").get(pk=world.staging.pk)
    reach = Reach(whole=True, projects=("payments",))
    before, now = moment_of(place, then, reach), moment_of(place, timezone.now(), reach)
    assert before.problems == []
    assert ran(now) == ran(before) == [(world.change.number, "payments-api")]
    assert now.running.newest == before.running.newest == world.change
    assert [right.holders for right in now.rights] == [right.holders for right in before.rights]
    assert any("(catalog.membership_given) does not say" in each for each in now.odd)
    assert now.problems[-1] == f"And {len(now.odd) - 20} more entries of another shape."
    assert len(set(now.problems)) == len(now.problems)


def test_pages_and_the_api_show_them(world, client):
    record_past_the_portal(world)
    client.force_login(factories.admin())
    newest = Event.objects.latest("pk").pk
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit_words_of(stream, uid, leaf_hash, facts) FROM audit_event")
    for stream in world.streams:
        assert client.get(f"/audit/streams/{stream}/").status_code == 200
    for pk in range(newest - len(WHOLE) - 2 - len(ODD_HEADS), newest + 1):
        assert client.get(f"/audit/events/{pk}/").status_code == 200
        assert client.get(f"/api/v1/audit/events/{pk}/").status_code == 200
    assert client.get("/audit/").status_code == 200
    assert (
        client.get(f"/api/v1/audit/events/?stream={world.streams[-1]}&page_size=500").status_code
        == 200
    )


def test_somebody_is_erased_who_attested_what_is_no_deployment(world):
    world.streams = [world.change.audit_stream]
    record_past_the_portal(world)
    assert erase(world.tom).counts == {"attestations": 0}


@pytest.mark.parametrize("sealed", ["[]", "5", '{"usr_1": []}', '{"usr_1": {"actor": 5}}'])
def test_what_stands_beside_an_entry_has_one_form(world, sealed):
    with (
        pytest.raises(IntegrityError, match="disclosure_is_by_owner_and_field"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("INSERT INTO audit_disclosure VALUES (1000000, %s)", [sealed])


@pytest.mark.parametrize("text", ["odd", "", "A", "é", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"])
def test_text_that_nobody_sealed_is_lost_and_stops_no_page(world, text):
    event = Event.objects.filter(actor=world.tom.pseudonym).latest("pk")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_event (stream, body) SELECT 'team/1', %s RETURNING id",
            [json.dumps({"actor": {"id": world.tom.pseudonym}, "type": "a.b"})],
        )
        [pk] = cursor.fetchone()
        sealed = json.dumps({world.tom.pseudonym: {"actor": text}})
        cursor.execute("INSERT INTO audit_disclosure VALUES (%s, %s)", [pk, sealed])
    shown = with_sentences(Event.objects.filter(pk__in=[event.pk, pk]).order_by("pk"))
    assert [each.actor_name for each in shown] == [world.tom.display_name, "(erased)"]
