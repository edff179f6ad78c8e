"""What each check counts, and that it finds what was done past the portal."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from audit.controls.answer import Standing, answers, results
from audit.controls.catalogue import control_named
from audit.controls.check import all_checks, rows_of
from audit.controls.question import Question
from audit.record import record
from catalog.actions.add_identity import add_identity
from catalog.actions.deactivate_person import deactivate_person
from catalog.models import the_portal
from deployments.audit_events import DeploymentEvent
from releases.audit_events import ReleaseEvent
from releases.models import Approval, GateResult
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(transactional_db):
    from tests.pages.world import World  # noqa: PLC0415 -- needs Django

    return World.make()


def found(name, *, whole=True, **asked):
    question = Question(**{"projects": ("payments",), **asked})
    return results([all_checks()[name]], question, whole=whole)[name]


def past_the_portal(sql, parameters=()):
    """Change a row as nobody can who goes through the portal: its triggers would want an event."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


def test_every_check_can_be_counted_and_drawn(world):
    world.deployed()
    question = Question(projects=None)
    counted = results(list(all_checks().values()), question, whole=True)
    assert set(counted) == set(all_checks())
    for name, check in all_checks().items():
        with connection.cursor() as cursor:
            cursor.execute(rows_of(check), question.parameters)
            columns = [column.name for column in cursor.description]
            rows = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
        assert sum(row["cases"] for row in rows) == counted[name].cases, name
        assert all(row["holds"] is not None and row["why"] is not None for row in rows), name


def test_a_change_by_the_rules_has_no_exception(world):
    world.deployed()
    [answer] = answers([control_named("soc2/CC8.1")], Question(projects=("payments",)), whole=True)
    bad = [result.check.name for result in answer.results if result.exceptions]
    assert bad == ["log-sealed"] or not bad
    for name in ("approved-before-deployment", "signed-before-deployment", "gates-let-through"):
        assert (found(name).cases, found(name).exceptions) == (1, 0)


def test_nothing_carried_out_is_nothing_to_show(world):
    assert found("approved-before-deployment").standing == Standing.NOTHING


def test_what_the_framework_leaves_to_others_is_not_covered(world):
    [answer] = answers([control_named("soc2/CC6.4")], Question(projects=None), whole=True)
    assert (answer.standing, answer.cases) == (Standing.NOT_COVERED, 0)


def test_a_signature_of_the_requester_is_an_exception(world):
    change = world.deployed()
    Approval.objects.filter(change_request=change, person=world.tom).update(person=world.priya)
    result = found("requester-did-not-sign")
    assert (result.cases, result.exceptions) == (1, 1)
    [exception] = result.shown
    assert (exception.about, exception.id, exception.label) == (
        "change-request",
        str(change.number),
        change.label,
    )


def test_an_author_who_is_recognised_by_a_second_name_is_an_exception(world):
    world.deployed()
    assert found("makers-did-not-sign").exceptions == 0
    add_identity(world.tom, kind="email", value="Wanda@Example.com", by=factories.admin())
    assert found("makers-did-not-sign").exceptions == 1


def test_a_trainer_whom_only_mlflow_names_is_an_exception(world):
    world.deployed()
    add_identity(world.sofia, kind="mlflow", value="Anna.K", by=factories.admin())
    assert found("makers-did-not-sign").exceptions == 0
    past_the_portal("""UPDATE catalog_artifactversion SET authors = '[{"mlflow": "anna.k"}]'""")
    assert found("makers-did-not-sign").exceptions == 1


def test_a_deployment_after_its_approvals_were_void_is_an_exception(world):
    change = world.deployed()
    with transaction.atomic():
        record(ReleaseEvent.CHECKING, subject=change, by=the_portal(), why="a trial")
        again = change.deployments.get()
        again.pk, again.started_at = None, timezone.now()
        again.save(force_insert=True)
        record(DeploymentEvent.STARTED, subject=again, by=the_portal(), worker="celery@two")
    result = found("approved-before-deployment")
    assert (result.cases, result.exceptions) == (2, 1)
    assert "before every approval rule" in result.shown[0].why


def test_a_gate_that_did_not_let_through_is_an_exception(world):
    change = world.deployed()
    GateResult.objects.filter(change_request=change).update(outcome="inconclusive")
    result = found("gates-let-through")
    assert result.exceptions == 1
    assert "did not let it through" in result.shown[0].why


def test_production_without_a_trial_is_an_exception(world):
    release = world.release()
    world.deployed(world.request(release, world.production))
    assert found("tried-before-production").exceptions == 1
    assert found("tried-before-production", environment="staging").cases == 0


def test_the_same_after_a_trial_is_none(world):
    release = world.release()
    world.deployed(world.request(release, world.staging))
    world.deployed(world.request(release, world.production))
    assert (
        found("tried-before-production").cases,
        found("tried-before-production").exceptions,
    ) == (
        1,
        0,
    )


def test_the_period_is_that_of_the_work(world):
    world.deployed()
    tomorrow = timezone.now() + timedelta(days=1)
    assert found("approved-before-deployment", since=tomorrow).cases == 0
    assert found("approved-before-deployment", until=tomorrow).cases == 1


def test_another_projects_changes_are_not_counted(world):
    world.deployed()
    assert found("approved-before-deployment", projects=("lending",)).cases == 0
    assert found("approved-before-deployment", projects=()).cases == 0


def test_whoever_wrote_a_policy_and_put_it_in_force_is_an_exception(world):
    result = found("policies-activated-by-others")
    assert (result.cases, result.exceptions) == (2, 2)
    assert found("policies-activated-by-event").exceptions == 0


def test_roles_are_recorded_and_given_by_others(world):
    assert found("roles-recorded").cases > 0
    assert found("roles-recorded").exceptions == 0
    assert found("roles-given-by-others").exceptions == 0


def test_somebody_who_left_holds_nothing(world):
    deactivate_person(world.tom, by=factories.admin())
    result = found("leavers-hold-nothing")
    assert (result.cases, result.exceptions) == (1, 0)


def test_a_project_that_nobody_reviews_is_an_exception_only_when_it_is_old(world):
    assert found("access-reviewed").exceptions == 0
    world.project.__class__.objects.update(created_at=timezone.now() - timedelta(days=200))
    assert found("access-reviewed").exceptions == 1


def test_refused_signatures_are_recorded(world):
    with pytest.raises(Exception, match="asked for"):
        world.signed(world.request(), "priya")
    assert found("refusals-recorded").cases == 1
    assert found("refusals-recorded").exceptions == 0


def test_what_is_not_sealed_is_an_exception_after_a_minute(world):
    result = found("log-sealed")
    assert result.exceptions == 0  # it is all younger


def test_whom_portal_wide_exceptions_concern_is_told_to_those_who_read_everything(world):
    past_the_portal(
        "INSERT INTO audit_alarm (kind, about, sentence, lifted_because)"
        " VALUES ('silence', '', 'Nothing was heard.', '')"
    )
    assert found("alarms-answered").shown[0].label == "Nothing was heard."
    limited = found("alarms-answered", whole=False)
    assert (limited.exceptions, limited.shown, limited.withheld) == (1, [], True)


def test_however_many_changes_the_statements_are_the_same(world, django_assert_num_queries):
    control = [control_named("soc2/CC8.1")]
    for _ in range(2):
        world.deployed()
        with django_assert_num_queries(4):  # savepoint or begin, jit, the statement, commit
            answers(control, Question(projects=None), whole=True)
