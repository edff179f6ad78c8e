"""What the tables hold and what the log says are the same, stream by stream, and are found if not."""

from datetime import timedelta
from io import StringIO

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from audit.completeness.reconciliation import reconcile
from catalog.actions.add_team_member import add_team_member
from catalog.actions.change_role import change_role
from catalog.actions.create_role import create_role
from catalog.actions.create_team import create_team
from catalog.actions.deactivate_person import deactivate_person
from catalog.actions.end_membership import end_membership
from catalog.actions.give_membership import give_membership
from catalog.actions.reactivate_person import reactivate_person
from catalog.actions.remove_team_member import remove_team_member
from catalog.models import Role
from tests import factories
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


def as_the_application(statement):
    """Do it, look, and undo it."""
    connection.set_autocommit(False)
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            assert cursor.rowcount > 0, statement
        return " ".join(complaints())
    finally:
        connection.rollback()
        connection.set_autocommit(True)


PAST_THE_PORTAL = {
    "gives a role": (
        (
            "INSERT INTO catalog_membership (project_id, user_id, role_id, created_at, created_by_id)"
            " SELECT p.id, u.id, r.id, now(), u.id FROM catalog_project p, catalog_user u, catalog_role r"
            " WHERE u.username = 'admin' AND r.slug = 'release-manager' LIMIT 1"
        ),
        [
            "Memberships: the tables hold",
            "project-admin, release-manager in the tables and project-admin in the log",
        ],
    ),
    "puts another role under a membership": (
        (
            "UPDATE catalog_membership SET role_id ="
            " (SELECT id FROM catalog_role WHERE slug = 'release-manager')"
            " WHERE id = (SELECT m.id FROM catalog_membership m JOIN catalog_role r ON r.id = m.role_id"
            " WHERE r.slug = 'viewer' OR r.slug = 'developer' ORDER BY m.id LIMIT 1)"
        ),
        ["Roles that somebody has in a project", "release-manager"],
    ),
    "lets a membership last": (
        "UPDATE catalog_membership SET expires_at = '2999-01-01' WHERE ended_at IS NULL",
        ["until 2999-01-01T00:00:00.000000Z in the tables"],
    ),
    "widens one to every environment": (
        "DELETE FROM catalog_membership_environments",
        ["Roles that somebody has in a project"],
    ),
    "puts somebody into a team": (
        (
            "INSERT INTO catalog_team_members (team_id, user_id) SELECT t.id, u.id FROM catalog_team t,"
            " catalog_user u WHERE u.username = 'admin' LIMIT 1"
        ),
        ["Members of teams", "member in the tables and nothing in the log"],
    ),
    "takes somebody out of a team": (
        "DELETE FROM catalog_team_members",
        ["nothing in the tables and member in the log"],
    ),
    "gives a built-in role another verb": (
        "UPDATE catalog_role SET permissions = permissions || '{approve_change}' WHERE slug = 'auditor'",
        [
            "auditor: approve_change view_audit view_project in the tables and view_audit view_project"
        ],
    ),
    "lets somebody back in": (
        "UPDATE catalog_user SET is_active = true WHERE NOT is_active",
        ["Deactivated accounts", "nothing in the tables and deactivated in the log"],
    ),
    "makes a person of a machine": (
        "UPDATE catalog_user SET kind = 'person' WHERE kind = 'service'",
        ["Superusers", "person in the tables and nothing in the log"],
    ),
    "writes a grant": (
        (
            "INSERT INTO catalog_environmentuserobjectpermission (user_id, permission_id, content_object_id)"
            " SELECT u.id, p.id, e.id FROM catalog_user u, auth_permission p, catalog_environment e"
            " WHERE u.username = 'admin' AND p.codename = 'approve_change' LIMIT 1"
        ),
        ["approve_change on", "held in the tables and nothing by the memberships"],
    ),
    "lets a grant last": (
        "UPDATE catalog_projectuserobjectpermission SET expires_at = '2999-01-01'",
        ["until 2999-01-01 00:00:00 in the tables and held by the memberships"],
    ),
    "takes grants away": (
        "DELETE FROM catalog_projectuserobjectpermission",
        ["Permissions on projects", "nothing in the tables and held by the memberships"],
    ),
}


@pytest.fixture
def rights(transactional_db):
    """A right of each kind: in an environment only, by a team, until a date; one who was deactivated."""
    admin, dana, zoe = factories.admin(), factories.person("dana"), factories.person("zoe")
    project = factories.project()
    roles = {role.slug: role for role in Role.objects.all()}
    team = add_team_member(create_team(slug="ops", name="Ops", by=admin), dana, by=admin)
    staging = project.environments.first()
    give_membership(project, role=roles["operator"], team=team, by=admin)
    give_membership(
        project, role=roles["developer"], user=zoe, environments=[staging], by=admin,
        expires_at=timezone.now() + timedelta(days=30),
    )  # fmt: skip
    deactivate_person(factories.person("yuri"), by=admin)
    factories.service_account(project)


def test_a_right_given_or_taken_past_the_portal_is_found_wherever_it_is_written(rights):
    assert complaints() == []
    told = {deed: as_the_application(do) for deed, (do, _) in PAST_THE_PORTAL.items()}
    missed = {
        deed: told[deed]
        for deed, (_, expected) in PAST_THE_PORTAL.items()
        if not all(each in told[deed] for each in expected)
    }
    assert missed == {}
    assert complaints() == []


def test_rights_that_come_and_go_agree_with_the_log():
    admin, dana = factories.admin(), factories.person("dana")
    project = factories.project()
    team = add_team_member(create_team(slug="ops", name="Ops", by=admin), dana, by=admin)
    role = create_role(
        slug="own", title="Own", permissions=["view_project", "deploy_to_environment"], by=admin
    )
    staging = project.environments.first()
    soon = timezone.now() + timedelta(seconds=30)
    give_membership(project, role=role, team=team, environments=[staging], by=admin)
    ended = give_membership(project, role=role, user=dana, expires_at=soon, by=admin)
    assert complaints() == []
    end_membership(ended, by=admin)
    give_membership(project, role=role, user=dana, by=admin)
    change_role(role, permissions=["view_project"], by=admin)
    change_role(role, title="Their own", by=admin)
    first = project.memberships.get(user=project.created_by, ended_at=None)
    end_membership(first, by=admin)
    assert complaints() == []
    give_membership(project, role=first.role, user=project.created_by, by=admin)
    remove_team_member(team, dana, by=admin)
    deactivate_person(dana, by=admin)
    assert complaints() == []
    reactivate_person(dana, by=admin)
    add_team_member(team, dana, by=admin)
    assert complaints() == []


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
