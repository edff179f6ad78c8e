"""A state change that left no event is refused at commit, whoever wrote it and however."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from audit.models import Event
from audit.record import record
from releases.models import (
    Approval,
    ChangeRequest,
    Policy,
    PolicyVersion,
    Release,
    Statement,
)
from tests import factories as make
from tests.audit.conftest import Happened

pytestmark = pytest.mark.django_db(transaction=True)


def happened(subject):
    record(Happened.PLAIN, subject=subject, by=make.admin())


@pytest.fixture
def project():
    return make.project()


def sealed(project):
    return Release.objects.create(
        project=project, version="1.0", content_digest=make.digest("it"), sealed_by=make.admin()
    )


def requested(project):
    request = ChangeRequest.objects.create(
        project=project,
        environment=project.environments.first(),
        release=sealed(project),
        requested_by=make.admin(),
        state_since=timezone.now(),
    )
    happened(request.release)
    return request


@pytest.fixture
def request_(project):
    with transaction.atomic():
        request = requested(project)
        happened(request)
    return request


@pytest.fixture
def version(project):
    with transaction.atomic():
        policy = Policy.objects.create(name="strict", title="Strict", created_by=make.admin())
        version = PolicyVersion.objects.create(
            policy=policy, number=1, document={}, digest=make.digest("p"), created_by=make.admin()
        )
        happened(policy)
    return version


def refused(stream):
    return pytest.raises(IntegrityError, match=f"left no audit event in {stream}")


def test_a_release(project):
    with refused("release/"), transaction.atomic():
        sealed(project)
    assert not Release.objects.exists()
    with transaction.atomic():
        happened(sealed(project))
    assert Release.objects.exists()


def test_a_change_request(project):
    with refused("change-request/"), transaction.atomic():
        requested(project)
    assert not ChangeRequest.objects.exists()


def test_its_state(request_):
    row = ChangeRequest.objects.filter(pk=request_.pk)
    with refused(request_.audit_stream), transaction.atomic():
        row.update(state="approved")
    with transaction.atomic():
        row.update(state="checking")
        happened(request_)
    with refused(request_.audit_stream), connection.cursor() as cursor:
        cursor.execute("UPDATE releases_changerequest SET state = 'approved'")
    assert row.get().state == "checking"


def test_an_event_of_an_earlier_transaction_does_not_count(request_):
    with transaction.atomic():
        happened(request_)
    with refused(request_.audit_stream), transaction.atomic():
        ChangeRequest.objects.update(state="approved")


def test_an_event_of_another_request_does_not_count(request_):
    other = ChangeRequest(number=request_.pk + 1, project=request_.project)
    with refused(request_.audit_stream), transaction.atomic():
        ChangeRequest.objects.update(state="approved")
        happened(other)


def test_an_event_that_was_undone_does_not_count(request_):
    with refused(request_.audit_stream), transaction.atomic():
        ChangeRequest.objects.update(state="approved")
        with transaction.atomic():
            happened(request_)
            transaction.set_rollback(True)


def test_an_event_in_a_savepoint_counts(request_):
    with transaction.atomic():
        with transaction.atomic():
            ChangeRequest.objects.update(state="checking")
        with transaction.atomic():
            happened(request_)
    assert ChangeRequest.objects.get().state == "checking"


def test_what_is_no_state_needs_no_event(request_):
    ChangeRequest.objects.update(blocking=["It waits."])
    assert ChangeRequest.objects.get().blocking == ["It waits."]


def test_an_approval_and_its_voiding_and_its_disappearance(request_):
    statement = Statement.objects.create(
        change_request=request_, digest=make.digest("s"), document={}
    )
    facts = {"person": make.person("sofia"), "statement": statement, "decision": "approved"}
    with refused(request_.audit_stream), transaction.atomic():
        Approval.objects.create(change_request=request_, **facts)
    with transaction.atomic():
        approval = Approval.objects.create(change_request=request_, **facts)
        happened(request_)
    with refused(request_.audit_stream), transaction.atomic():
        Approval.objects.update(voided_at=timezone.now())
    with refused(request_.audit_stream), transaction.atomic():
        approval.delete()
    assert Approval.objects.get().voided_at is None


def test_a_policys_version(version):
    rows = PolicyVersion.objects.all()
    with refused("policy/"), transaction.atomic():
        rows.update(state="published")
    with refused("policy/"), transaction.atomic():
        rows.update(document={"gates": []})
    with transaction.atomic():
        rows.update(state="published")
        happened(version.policy)


def test_which_policy_is_in_force(version, project):
    environment = project.environments.first()
    facts = {"policy_version": version, "activated_by": make.admin(), "environment": environment}
    with refused(environment.audit_stream), transaction.atomic():
        version.activations.create(**facts)
    with transaction.atomic():
        version.activations.create(**facts)
        happened(environment)
    with refused(environment.audit_stream), transaction.atomic():
        version.activations.update(ended_at=timezone.now())


def test_the_check_cannot_be_switched_off_by_the_application(request_):
    before = Event.objects.count()
    with refused(request_.audit_stream), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute("UPDATE releases_changerequest SET state = 'approved'")
    assert Event.objects.count() == before
