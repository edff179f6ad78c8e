"""By hand: a person who may deploy says under their name how it went."""

import pytest
from django.utils import timezone

from audit.models import Event
from audit.sentences import with_sentences
from catalog.errors import InvalidInput, NotFound, NotPermitted
from deployments.actions.attest import attest
from deployments.actions.report import report
from deployments.errors import CallbackRefused, NotWaiting
from deployments.models import Deployment
from deployments.tasks import sweep
from tests import factories
from tests.deployments.ground import run, steps_of


@pytest.fixture
def deployment(ground):
    ground.reached_by("manual", timeout_seconds=7200)
    return run(ground.request())


@pytest.fixture
def omar(ground):
    """The operator."""
    return factories.member("omar", ground.project, "operator")


def test_it_waits_for_a_person(deployment):
    assert (deployment.state, deployment.change_request.state) == ("waiting", "deploying")
    assert steps_of(deployment) == [("attest", "running")]


def test_an_operators_word_ends_it(deployment, omar):
    attest(deployment.pk, result="succeeded", comment="copied to the shop floor", by=omar)
    deployment.refresh_from_db()
    assert deployment.state == "succeeded"
    assert deployment.change_request.state == "deployed"
    (told,) = with_sentences(Event.objects.filter(type="deployments.attested"))
    assert told.sentence.startswith("Omar attested that the deployment of CR-")
    assert told.sentence.endswith("succeeded. copied to the shop floor")


def test_an_operators_no_fails_it_with_the_reason(deployment, omar):
    attest(deployment.pk, result="failed", comment="the line was stopped", by=omar)
    deployment.refresh_from_db()
    assert (deployment.state, deployment.change_request.state) == ("failed", "failed")
    assert deployment.reason == "A person reported a failure. the line was stopped"
    entries = Event.objects.values_list("entry", flat=True)
    assert not any(b"the line was stopped" in bytes(entry) for entry in entries)
    assert steps_of(deployment) == [("attest", "failed")]


@pytest.mark.parametrize("username", ["vera", "sofia", "tom", "olga"])
def test_who_may_not_deploy_there_may_not_attest(deployment, username):
    with pytest.raises(NotPermitted):
        attest(deployment.pk, result="succeeded", by=factories.person(username))


def test_a_machine_may_not_attest(ground, deployment):
    machine = factories.service_account(ground.project, role="operator").user
    with pytest.raises(NotPermitted, match="Only a person"):
        attest(deployment.pk, result="succeeded", by=machine)


def test_nobody_attests_twice(deployment, omar):
    attest(deployment.pk, result="succeeded", by=omar)
    with pytest.raises(NotWaiting):
        attest(deployment.pk, result="failed", comment="no", by=omar)


def test_a_failure_needs_its_reason(deployment, omar):
    with pytest.raises(InvalidInput, match="why"):
        attest(deployment.pk, result="failed", by=omar)


def test_there_is_no_token_for_what_is_done_by_hand(deployment):
    with pytest.raises((CallbackRefused, NotWaiting)):
        report(deployment.pk, "", result="succeeded")


def test_a_deployment_on_a_cluster_cannot_be_attested(payments, omar):
    deployment = run(payments.request())
    with pytest.raises(NotWaiting):
        attest(deployment.pk, result="succeeded", by=omar)


def test_a_deployment_that_does_not_exist_is_not_found(ground, omar):
    with pytest.raises(NotFound):
        attest(4711, result="succeeded", by=omar)


def test_no_word_in_time_is_errored(deployment, omar):
    Deployment.objects.filter(pk=deployment.pk).update(give_up_at=timezone.now())
    sweep()
    deployment.refresh_from_db()
    assert (deployment.state, deployment.change_request.state) == ("errored", "errored")
    assert "7200 seconds" in deployment.reason
