"""What the tables hold and what the log says are the same, stream by stream, and are found if not."""

from io import StringIO

import psycopg
import pytest
from django.core.management import call_command

from audit.completeness.reconciliation import reconcile
from tests.audit.sealing import tamper
from tests.pages.world import World
from tests.support.log import connected, url

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def demo(transactional_db, sandbox_cluster, settings):
    settings.SANDBOX_CLUSTER_URL = sandbox_cluster.url
    call_command("load_demo", stdout=StringIO(), stderr=StringIO())


@pytest.fixture
def world(transactional_db):
    return World.make()


def past_every_trigger(statement):
    with psycopg.connect(url("postgres")) as superuser:
        superuser.execute("SET session_replication_role = replica")
        superuser.execute(statement)


def complaints():
    return [each.sentence for each in reconcile() if not each.ok]


def complaint():
    [sentence] = complaints()
    return sentence


def test_a_history_that_was_told_by_the_portal_agrees_with_its_log(demo):
    assert complaints() == []
    counted = {each.name: each.rows for each in reconcile()}
    for name in ("Projects", "Memberships", "Releases", "Approvals", "Deployments", "Evidence"):
        assert counted[name] > 0
    assert counted["Deployments with every approval before them"] == counted["Deployments"]

    # An approval that nobody gave, written past the portal.
    past_every_trigger(
        "INSERT INTO releases_approval (change_request_id, statement_id, person_id, person_name,"
        " roles, decision, comment, given_at, voided_at, void_reason)"
        " SELECT change_request_id, statement_id, person_id, person_name, roles, decision, comment,"
        " given_at, now(), '' FROM releases_approval WHERE decision = 'approved' LIMIT 1"
    )
    assert "Approvals: the tables hold" in complaint()
    assert "change-request/" in complaint()
    past_every_trigger(
        "DELETE FROM releases_approval WHERE id = (SELECT max(id) FROM releases_approval)"
    )
    assert complaints() == []

    # A deployment that was removed from the table.
    past_every_trigger(
        "DELETE FROM deployments_deployment WHERE id = (SELECT min(id) FROM deployments_deployment)"
    )
    assert any("Deployments: the tables hold" in each for each in complaints())


def test_what_came_back_after_a_restore_has_no_rows_and_is_not_missed(db):
    body = '{"actor":{"id":"usr_1"},"data":{},"object":{"id":1,"label":"x","type":"x"},"type":"%s"}'
    lost, recovered = body % "catalog.team_created", body % "audit.log_recovered"
    insert = "INSERT INTO audit_event (stream, body) VALUES (%s, %s)"
    with connected("owner") as owner, owner.transaction():
        owner.execute(insert, ["team/1", lost])
        owner.execute(insert, ["audit-log/1", recovered])
    assert complaints() == []
    with connected("app") as app:
        app.execute(insert, ["team/1", lost])
    assert "Teams: the tables hold 0, and the log says 1" in complaint()


def test_the_application_that_excuses_what_it_invents_with_a_restore_is_found(db):
    body = '{"actor":{"id":"usr_1"},"data":{},"object":{"id":1,"label":"x","type":"x"},"type":"%s"}'
    insert = "INSERT INTO audit_event (stream, body) VALUES (%s, %s)"
    with connected("app") as app, app.transaction():
        app.execute(insert, ["team/1", body % "catalog.team_created"])
        app.execute(insert, ["audit-log/1", body % "audit.log_recovered"])
    assert "Teams: the tables hold 0, and the log says 1" in complaint()


def test_a_role_given_past_the_portal_is_found(demo):
    past_every_trigger(
        "INSERT INTO catalog_membership (project_id, user_id, role_id, created_at, created_by_id)"
        " SELECT p.id, u.id, r.id, now(), u.id FROM catalog_project p, catalog_user u, catalog_role r"
        " WHERE u.username = 'admin' AND r.slug = 'release-manager' LIMIT 1"
    )
    assert "Memberships: the tables hold" in complaint()


def test_a_deployment_without_an_approval_is_found(demo):
    tamper(
        "DELETE FROM audit_event WHERE type = 'releases.all_rules_met'"
        " AND stream = 'change-request/1'"
    )
    sentence = complaint()
    assert "Deployments with every approval before them" in sentence
    assert "change-request/1 #" in sentence


def told(number, *types):
    """A change's story, told past the portal."""
    body = '{"actor":{"id":"usr_1"},"data":{},"object":{"id":1,"label":"x","type":"x"},"type":"%s"}'
    with connected("app") as app:
        for each in types:
            app.execute(
                "INSERT INTO audit_event (stream, body) VALUES (%s, %s)",
                [f"change-request/{number}", body % each],
            )


def nothing_came_of():
    return [each for each in complaints() if each.startswith("Approved requests that were carried")]


def test_an_approval_of_which_nothing_came_is_found(world):
    waiting = world.signed(world.request())
    assert nothing_came_of() == []  # it is in the queue
    past_every_trigger("UPDATE releases_changerequest SET expires_at = now() - interval '2 days'")
    [sentence] = nothing_came_of()
    assert f"change-request/{waiting.number} #" in sentence
    told(waiting.number, "releases.expired")
    told(900, "releases.all_rules_met", "releases.withdrawn")
    assert nothing_came_of() == []
    told(901, "releases.all_rules_met")
    assert "Nothing came of change-request/901 #1." in nothing_came_of()[0]


def test_a_deployment_after_the_gates_were_opened_again_is_found(world):
    told(world.deployed().number, "releases.checking", "deployments.started")
    assert any("Deployments with every approval before them" in each for each in complaints())
