"""An environment as it was: computed from the log, for any moment of it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.models import Event
from audit.reach import Reach
from catalog.actions.add_team_member import add_team_member
from catalog.actions.change_role import change_role
from catalog.actions.create_role import create_role
from catalog.actions.create_team import create_team
from catalog.actions.deactivate_person import deactivate_person
from catalog.actions.end_membership import end_membership
from catalog.actions.give_membership import give_membership
from catalog.actions.reactivate_person import reactivate_person
from catalog.actions.remove_team_member import remove_team_member
from catalog.errors import InvalidInput, NotPermitted
from catalog.models import ArtifactVersion, Environment, Membership, Role
from catalog.permissions import Permission
from deployments.models import Deployment
from deployments.running import runs_in
from portal.moment.moment import moment_of
from releases.models import ChangeRequest, Release, Statement
from tests import factories
from tests.pages.world import PASSED

WHOLE = Reach(whole=True, projects=("payments",))
PAYMENTS = Reach(whole=False, projects=("payments",))


def at(world, when=None, reach=WHOLE, environment=None):
    environment = Environment.objects.select_related("project").get(
        pk=(environment or world.staging).pk
    )
    return moment_of(environment, when or timezone.now(), reach)


def ran(moment):
    return {each.version.artifact.name: each.version.version for each in moment.running.runs}


def holders(moment, permission):
    [right] = [right for right in moment.rights if right.permission == permission]
    return {holder.name for holder in right.holders}


# ── what ran ─────────────────────────────────────────────────────────────────────────────────────


def test_before_anything_was_carried_out_nothing_ran(world):
    moment = at(world)
    assert (moment.running.newest, moment.decision, ran(moment)) == (None, None, {})
    assert moment.policy_label == "payments-standard v1"


def test_what_ran_then_is_not_what_runs_now(world):
    first = world.deployed()
    then = timezone.now()
    second = world.deployed(world.request(world.release(world.version(), world.version("worker"))))
    before, now = at(world, then), at(world)
    assert (before.running.newest, now.running.newest) == (first, second)
    assert set(ran(before)) == {"payments-api"}
    assert set(ran(now)) == {"payments-api", "worker"}
    assert before.running.until == now.running.since
    assert before.problems == now.problems == []


def test_an_artifact_that_later_releases_leave_alone_goes_on_running(world):
    world.deployed(world.request(world.release(world.version("worker"))))
    world.deployed(world.request(world.release(world.version("payments-api"))))
    world.deployed(world.request(world.release(world.version("model", kind="model"))))
    world.deployed(world.request(world.release(world.version("payments-api"))))
    moment = at(world)
    now = {each.artifact: each.version for each in runs_in(world.staging.pk).runs}
    assert ran(moment) == now
    assert set(now) == {"payments-api", "worker"}


def test_what_failed_or_ran_elsewhere_did_not_run_here(world):
    first = world.deployed()
    world.deployed(world.request(), result="failed")
    assert at(world).running.newest == first
    assert at(world, environment=world.production).running.newest is None


def test_what_was_being_carried_out_is_said(world):
    change_request = world.request()
    world.begun(change_request)
    during = timezone.now()
    number, since = at(world).under_way
    assert (number, since.type) == (change_request.pk, "releases.deploying")
    deployment = change_request.deployments.get()
    from deployments.actions.attest import attest  # noqa: PLC0415 -- needs Django

    attest(deployment.pk, result="succeeded", comment="", by=world.omar)
    assert at(world).under_way is None
    assert at(world, during).under_way is not None


# ── how it was decided ───────────────────────────────────────────────────────────────────────────


def test_who_signed_for_which_rule_with_the_entry_of_each_signature(world):
    change_request = world.deployed()
    decision = at(world).decision
    assert [(one.rule, one.event.actor_name, one.roles) for one in decision.signatures] == [
        ("engineering", "Tom Becker", ["developer"]),
        ("security", "Sofia Marino", ["security"]),
    ]
    assert all(one.event.type == "releases.approved" for one in decision.signatures)
    assert decision.statement_digest == change_request.statement.digest
    assert decision.submitted.actor == world.priya.pseudonym


def test_a_signature_that_was_voided_does_not_count(world):
    change_request = world.request()
    world.signed(change_request, "tom")
    version = change_request.release.items.get().artifact_version
    # Another report is another input of a gate: what was signed is not what stands there now.
    world.evidence(version, PASSED.replace(b"unit", b"again"))
    from releases.actions.reevaluate import reevaluate  # noqa: PLC0415 -- needs Django

    reevaluate(change_request.number, by=factories.admin())
    world.deployed(change_request)
    assert [one.event.actor_name for one in at(world).decision.signatures] == [
        "Tom Becker",
        "Sofia Marino",
    ]
    approvals = Event.objects.filter(type="releases.approved", actor=world.tom.pseudonym)
    assert at(world).decision.signatures[0].event == approvals.latest("pk")


def test_the_policy_then_the_policy_it_was_signed_under_and_the_policy_now(world):
    world.deployed()
    world.policy("stricter", gates=[])
    moment = at(world)
    assert moment.policy_label == "stricter v1"
    assert moment.decision.policy["name"] == "payments-standard"
    assert moment.decision.policy_published.type == "releases.policy_published"
    assert moment.decision.policy["digest"] != moment.policy_digest


def test_each_gate_names_the_report_that_it_was_read_from(world):
    change_request = world.request()
    version = change_request.release.items.get().artifact_version
    report = version.evidence.get()
    world.deployed(change_request)
    [gate] = [gate for gate in at(world).decision.gates if gate.name == "tests"]
    assert (gate.outcome, gate.evidence) == ("pass", f"sha256:{report.sha256}")
    assert gate.event.type == "releases.evidence_added"
    assert at(world).decision.more_reports == 0


@pytest.mark.parametrize("what", ["items", "digest", "statement"])
def test_tables_that_say_something_else_than_the_entries_are_found_out(world, what):
    change_request = world.deployed()
    if what == "items":
        ArtifactVersion.objects.update(digest=factories.digest("another"))
        expected = "are not those that its entry says were sealed"
    elif what == "statement":
        Statement.objects.update(document={"policy": None, "gates": []})
        expected = "is not the one that was signed"
    else:
        Release.objects.update(content_digest=factories.digest("another"))
        expected = f"is not what {change_request} put there"
    assert expected in " ".join(at(world).problems)


# ── who might do what ────────────────────────────────────────────────────────────────────────────


def test_rights_are_those_of_that_moment(world):
    before = timezone.now()
    factories.member("dana", world.project, "release-manager")
    given = timezone.now()
    membership = Membership.objects.get(user__username="dana", role__slug="release-manager")
    end_membership(membership, by=factories.admin())
    assert "Dana" not in holders(at(world, before), Permission.DEPLOY)
    assert "Dana" in holders(at(world, given), Permission.DEPLOY)
    assert "Dana" not in holders(at(world), Permission.DEPLOY)


def test_a_role_that_is_limited_or_has_run_out_counts_only_there_and_then(world):
    soon = timezone.now() + timedelta(seconds=30)
    factories.member(
        "dana",
        world.project,
        "release-manager",
        environments=[world.production],
        expires_at=soon,
    )
    assert "Dana" not in holders(at(world), Permission.DEPLOY)
    assert "Dana" in holders(at(world, environment=world.production), Permission.DEPLOY)
    from portal.moment.history import History  # noqa: PLC0415 -- needs Django
    from portal.moment.rights import rights_in  # noqa: PLC0415 -- needs Django

    later = rights_in(world.production, History("payments", soon + timedelta(seconds=1)))
    assert "Dana" not in {
        one.name for right in later for one in right.holders if right.title == "deploy"
    }


def test_roles_and_teams_are_as_they_were(world):
    admin = factories.admin()
    role = create_role(
        slug="on-call",
        title="On call",
        permissions=["view_project", "deploy_to_environment"],
        by=admin,
    )
    team = create_team(slug="platform", name="Platform", by=admin)
    give_membership(world.project, role=role, team=team, by=admin)
    add_team_member(team, world.vera, by=admin)
    joined = timezone.now()
    change_role(role, permissions=["view_project"], by=admin)
    changed = timezone.now()
    change_role(role, permissions=["view_project", "deploy_to_environment"], by=admin)
    remove_team_member(team, world.vera, by=admin)
    name = world.vera.display_name
    assert name in holders(at(world, joined), Permission.DEPLOY)
    assert name not in holders(at(world, changed), Permission.DEPLOY)
    assert name not in holders(at(world), Permission.DEPLOY)


def test_who_was_deactivated_held_nothing_meanwhile(world):
    admin, tom = factories.admin(), world.tom
    deactivate_person(tom, by=admin)
    gone = timezone.now()
    reactivate_person(tom, by=admin)
    assert "Tom Becker" not in holders(at(world, gone), Permission.APPROVE_CHANGE)
    assert "Tom Becker" in holders(at(world), Permission.APPROVE_CHANGE)


def test_who_made_a_project_administers_it_until_that_role_is_ended(world):
    admin = factories.admin()
    own = Membership.objects.get(user=admin, role__slug="project-admin")
    assert admin.display_name in holders(at(world), Permission.MANAGE_MEMBERS)
    end_membership(own, by=admin)
    assert admin.display_name not in holders(at(world), Permission.MANAGE_MEMBERS)


def test_rights_now_are_those_that_are_asked_when_somebody_acts(world):
    from catalog.models import User  # noqa: PLC0415 -- needs Django
    from catalog.permissions import allowed  # noqa: PLC0415 -- needs Django

    factories.service_account(world.project)
    moment = at(world)
    for permission in (Permission.APPROVE_CHANGE, Permission.DEPLOY, Permission.SUBMIT_CHANGE):
        asked = {
            user.display_name
            for user in User.objects.filter(is_superuser=False, kind__in=["person", "service"])
            if allowed(user, permission, world.staging)
        }
        assert holders(moment, permission) - {factories.admin().display_name} == asked
    assert [one.username for one in moment.administrators] == ["admin"]


# ── other times, other readers ───────────────────────────────────────────────────────────────────


def test_the_future_and_the_time_before_the_environment_are_refused_in_a_sentence(world):
    with pytest.raises(InvalidInput, match="lies in the future"):
        at(world, timezone.now() + timedelta(minutes=1))
    with pytest.raises(InvalidInput, match="payments/staging was added on"):
        at(world, timezone.now() - timedelta(days=1))


def test_who_may_not_read_the_log_may_not_read_a_moment(world):
    with pytest.raises(NotPermitted, match="view_audit"):
        at(world, reach=Reach(whole=False, projects=("credit",)))


def test_entries_of_no_project_are_shown_to_those_who_read_everything(world):
    world.deployed()
    own, whole = at(world, reach=PAYMENTS), at(world)
    assert whole.decision.policy_published.is_readable
    assert not own.decision.policy_published.is_readable
    assert own.decision.rules_met.is_readable


def test_the_number_of_queries_is_that_of_an_empty_history(world, django_assert_num_queries):
    world.deployed()
    with django_assert_num_queries(23):
        at(world)
    world.deployed(world.request(world.release(world.version(), world.version("worker"))))
    world.deployed()
    factories.member("dana", world.project, "release-manager")
    with django_assert_num_queries(23):
        at(world)


# ── pages and API ────────────────────────────────────────────────────────────────────────────────

PAGE = "/projects/payments/environments/staging/at/"
API = "/api/v1/projects/payments/environments/staging/at/"


def test_the_page_shows_it_with_the_entries_that_prove_it(world, as_):
    change_request = world.deployed()
    answer = as_("audrey").get(PAGE)
    page = answer.content.decode()
    assert answer.status_code == 200
    for said in (change_request.release.version, "Tom Becker", "payments-standard v1"):
        assert said in page
    assert f"/audit/events/{Event.objects.get(type='releases.all_rules_met').pk}/" in page
    assert "an entry that you may not read" in page


@pytest.mark.parametrize(
    ("time", "sentence"),
    [
        ("2999-01-01T00:00", "lies in the future"),
        ("1999-01-01T00:00", "was added on"),
        ("yesterday", "Enter a valid date/time."),
        ("0001-01-01T00:00", "was added on"),
    ],
)
def test_a_time_that_the_log_cannot_know_is_said_on_the_page(world, as_, time, sentence):
    answer = as_("audrey").get(PAGE, {"time": time})
    assert (answer.status_code, sentence in answer.content.decode()) == (422, True)


def test_a_place_and_a_time_lead_to_the_page(world, as_):
    client = as_("audrey")
    form = client.get("/audit/at/")
    assert "payments staging" in form.content.decode()
    answer = client.get("/audit/at/", {"environment": world.staging.pk, "time": "2026-03-03T14:05"})
    assert answer.url == f"{PAGE}?time=2026-03-03T14:05:00"
    credit = factories.project("credit")
    foreign = credit.environments.first()
    answer = client.get("/audit/at/", {"environment": foreign.pk, "time": "2026-03-03T14:05"})
    assert answer.status_code == 422


def test_over_rest_it_is_a_document_with_the_same_facts(world, as_):
    change_request = world.deployed()
    answer = as_("audrey").get(API, {"time": timezone.now().isoformat()})
    assert answer.status_code == 200, answer.json()
    found = answer.json()
    assert found["release"] == change_request.release.version
    assert [each["artifact"] for each in found["runs"]] == ["payments-api"]
    assert {one["name"] for one in found["decision"]["signatures"]} == {
        "Tom Becker",
        "Sofia Marino",
    }
    assert found["decision"]["policy"]["policy"] == "payments-standard v1"
    assert found["decision"]["policy"]["proof"] is None  # it belongs to no project
    assert found["since"]["seal"] == "recorded"
    assert found["problems"] == []


@pytest.mark.parametrize(
    ("username", "time", "status"),
    [
        ("audrey", "2999-01-01T00:00:00Z", 400),
        ("audrey", "", 400),
        ("audrey", "tomorrow", 400),
        ("audrey", "2026-13-01T00:00:00Z", 400),
        ("audrey", "0001-01-01T00:00:00+14:00", 400),
        ("tom", "2026-03-03T14:05:00Z", 403),
        ("olga", "2026-03-03T14:05:00Z", 404),
    ],
)
def test_over_rest_it_is_refused(world, as_, username, time, status):
    answer = as_(username).get(API, {"time": time})
    assert (answer.status_code, answer.json()["status"]) == (status, status)


@pytest.mark.parametrize(("username", "status"), [("tom", 403), ("olga", 404)])
def test_the_page_is_refused_to_who_may_not_read_the_log(world, as_, username, status):
    assert as_(username).get(PAGE).status_code == status


def test_nothing_that_is_read_here_is_used_up(world):
    world.deployed()
    counts = [model.objects.count() for model in (Event, ChangeRequest, Deployment, Role)]
    at(world)
    assert counts == [model.objects.count() for model in (Event, ChangeRequest, Deployment, Role)]
