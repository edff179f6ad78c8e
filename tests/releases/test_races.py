"""Several people, threads and transactions at once: the right end state, once."""

import threading

import pytest
from django.db import DatabaseError, connection, transaction

from audit.models import Event
from catalog.errors import DomainError
from releases.actions.activate_policy import activate_policy
from releases.actions.approve import approve
from releases.actions.reevaluate import reevaluate
from releases.actions.reject import reject
from releases.actions.seal_release import seal_release
from releases.actions.submit import submit
from releases.actions.withdraw import withdraw
from releases.models import Approval, ChangeRequest, PolicyVersion, Release
from tests.releases.scene import junit

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*calls):
    """Run the calls in threads that start together; return their results or errors in order."""
    barrier = threading.Barrier(len(calls))
    outcomes = [None] * len(calls)

    def run(position, call):
        barrier.wait()
        try:
            outcomes[position] = call()
        except DomainError as error:
            outcomes[position] = error
        finally:
            connection.close()

    threads = [
        threading.Thread(target=run, args=(position, call)) for position, call in enumerate(calls)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return outcomes


def signing(request, by):
    digest = request.statement.digest
    return lambda: approve(request.number, statement_digest=digest, by=by)


def events_of(request, kind):
    return Event.objects.of_stream(request.audit_stream).filter(type=kind).count()


def test_two_people_who_approve_at_once_meet_the_quorum_once(shared_scene):
    shared_scene.in_force()
    request = shared_scene.request()
    at_once(signing(request, shared_scene.tom), signing(request, shared_scene.sofia))
    request.refresh_from_db()
    assert request.state == "queued"
    assert events_of(request, "releases.all_rules_met") == 1
    assert events_of(request, "releases.queued") == 1


def test_a_double_click_signs_once(shared_scene):
    shared_scene.in_force()
    request = shared_scene.request()
    outcomes = at_once(*[signing(request, shared_scene.tom)] * 4)
    assert sum(isinstance(outcome, ChangeRequest) for outcome in outcomes) == 1
    assert {type(o).__name__ for o in outcomes if isinstance(o, Exception)} == {"AlreadyDecided"}
    assert request.approvals.count() == 1
    assert events_of(request, "releases.approved") == 1


def test_approve_races_with_withdraw_and_one_of_them_wins(shared_scene):
    shared_scene.in_force()
    request = shared_scene.request()
    approve(request.number, statement_digest=request.statement.digest, by=shared_scene.tom)
    at_once(
        signing(request, shared_scene.sofia), lambda: withdraw(request.number, by=shared_scene.ci)
    )
    request.refresh_from_db()
    # A queued request may still be withdrawn, so the withdrawal always ends the story.
    assert request.state == "withdrawn"
    assert events_of(request, "releases.withdrawn") == 1


def test_approve_races_with_reject_and_a_no_is_final(shared_scene):
    shared_scene.in_force()
    request = shared_scene.request()
    digest = request.statement.digest
    at_once(
        signing(request, shared_scene.tom),
        lambda: reject(
            request.number, statement_digest=digest, comment="no", by=shared_scene.sofia
        ),
    )
    request.refresh_from_db()
    assert request.state == "rejected"


def test_evidence_that_arrives_while_people_sign_is_never_overlooked(shared_scene):
    shared_scene.in_force()
    version = shared_scene.version()
    request = shared_scene.request(shared_scene.release(version))
    at_once(
        signing(request, shared_scene.tom),
        signing(request, shared_scene.sofia),
        lambda: shared_scene.evidence(version, junit(failed=1)),
    )
    reevaluate(request.number, by=shared_scene.ci)
    request.refresh_from_db()
    assert request.state == "blocked"
    assert not request.approvals.filter(voided_at=None).exists()


def test_a_policy_change_while_people_sign_is_never_overlooked(shared_scene):
    shared_scene.in_force()
    stricter = shared_scene.policy(
        name="stricter", approvals=[{"name": "risk", "roles": ["risk"], "required": 1}]
    )
    request = shared_scene.request()
    at_once(
        signing(request, shared_scene.tom),
        signing(request, shared_scene.sofia),
        lambda: activate_policy(shared_scene.staging, stricter, by=shared_scene.admin),
    )
    reevaluate(request.number, by=shared_scene.ci)
    request.refresh_from_db()
    assert request.state == "awaiting_approval"
    assert [rule["name"] for rule in request.rules] == ["risk"]


def test_the_same_request_submitted_twice_at_once_exists_once(shared_scene):
    shared_scene.in_force()
    release = shared_scene.release()

    def ask():
        return submit(release, shared_scene.staging, reason="once", by=shared_scene.ci)

    at_once(*[ask] * 4)
    assert ChangeRequest.objects.count() == 1


def test_the_same_release_sealed_twice_at_once_exists_once(shared_scene):
    version = shared_scene.version()

    def seal():
        return seal_release(
            shared_scene.project,
            version="1.0",
            artifact_versions=[version.pk],
            by=shared_scene.ci,
        )

    at_once(*[seal] * 4)
    assert Release.objects.count() == 1


@pytest.mark.parametrize(
    ("model", "change"),
    [
        (ChangeRequest, {"state": "approved"}),
        (Approval, {"decision": "rejected"}),
        (Release, {"version": "other"}),
        (PolicyVersion, {"state": "draft"}),
    ],
)
def test_the_database_refuses_a_state_change_without_its_event(shared_scene, model, change):
    shared_scene.in_force()
    request = shared_scene.request()
    approve(request.number, statement_digest=request.statement.digest, by=shared_scene.tom)
    with pytest.raises(DatabaseError, match="left no audit event"), transaction.atomic():
        model.objects.update(**change)
    assert not model.objects.filter(**change).exists()


def test_the_database_refuses_to_delete_an_approval_without_its_event(shared_scene):
    shared_scene.in_force()
    request = shared_scene.request()
    approve(request.number, statement_digest=request.statement.digest, by=shared_scene.tom)
    with pytest.raises(DatabaseError, match="left no audit event"), transaction.atomic():
        Approval.objects.all().delete()
