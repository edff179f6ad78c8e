"""An outside executor is called with a signed message and reports once with the token it was given."""

import base64
import hashlib
import hmac
import json

import pytest
from django.utils import timezone

from audit.models import Event
from audit.sentences import with_sentences
from catalog.errors import InvalidInput
from deployments.actions.report import report
from deployments.errors import CallbackRefused, NotWaiting
from deployments.models import Deployment
from deployments.tasks import sweep
from tests.deployments.ground import run, steps_of
from tests.deployments.receiver import Receiver

SECRET = b"0123456789abcdef0123456789abcdef"


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.stop()


@pytest.fixture
def payments(ground, receiver, settings, tmp_path):
    settings.WEBHOOK_SECRETS_DIR = str(tmp_path)
    encoded = base64.b64encode(SECRET).decode()
    (tmp_path / "payments").write_text(f"whsec_{encoded}\n")
    ground.reached_by("webhook", webhook_url=receiver.url, webhook_secret="payments")
    return ground


def called(receiver) -> dict:
    return json.loads(receiver.received[-1][1])


def token_of(receiver) -> str:
    return called(receiver)["callback"]["token"]


def test_the_executor_is_called_with_the_items_by_digest_and_then_waited_for(payments, receiver):
    version = payments.version()
    change_request = payments.request(version)
    deployment = run(change_request)
    assert (change_request.state, deployment.state) == ("deploying", "waiting")
    assert steps_of(deployment) == [("call", "done"), ("attest", "running")]
    message = called(receiver)
    assert message["change_request"] == change_request.label
    assert message["items"][0]["digest"] == version.digest
    assert message["callback"]["url"].endswith(f"/api/v1/deployments/{deployment.pk}/report/")


def test_the_message_is_signed_over_id_time_and_body(payments, receiver):
    run(payments.request())
    headers, body = receiver.received[0]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(SECRET, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert abs(int(headers["webhook-timestamp"]) - timezone.now().timestamp()) < 60


def test_a_good_report_ends_it_as_deployed(payments, receiver):
    change_request = payments.request()
    deployment = run(change_request)
    report(deployment.pk, token_of(receiver), result="succeeded", comment="all nodes done")
    change_request.refresh_from_db()
    deployment.refresh_from_db()
    assert (change_request.state, deployment.state) == ("deployed", "succeeded")
    assert steps_of(deployment) == [("call", "done"), ("attest", "done")]
    told = with_sentences(Event.objects.filter(type="deployments.reported"))
    assert "succeeded. all nodes done" in told[0].sentence


def test_a_bad_report_ends_it_as_failed_with_the_executors_reason(payments, receiver):
    change_request = payments.request()
    deployment = run(change_request)
    report(deployment.pk, token_of(receiver), result="failed", comment="disk full")
    change_request.refresh_from_db()
    deployment.refresh_from_db()
    assert (change_request.state, deployment.state) == ("failed", "failed")
    assert "disk full" in deployment.reason


def test_the_report_may_come_before_the_call_has_returned(shared_ground, settings, tmp_path):
    from django.db import connection  # noqa: PLC0415 -- the receiver's thread has its own

    (tmp_path / "payments").write_text("secret")
    settings.WEBHOOK_SECRETS_DIR = str(tmp_path)
    receiver = Receiver()

    def at_once(body):
        message = json.loads(body)
        report(message["deployment"], message["callback"]["token"], result="succeeded")
        connection.close()

    receiver.when_called.append(at_once)
    shared_ground.reached_by("webhook", webhook_url=receiver.url, webhook_secret="payments")
    change_request = shared_ground.request()
    deployment = run(change_request)
    receiver.stop()
    assert (change_request.state, deployment.state) == ("deployed", "succeeded")


@pytest.mark.parametrize("token", ["", "forged", "0" * 64, "é", "\ud800"])
def test_a_forged_token_changes_nothing(payments, receiver, token):
    change_request = payments.request()
    deployment = run(change_request)
    with pytest.raises(CallbackRefused):
        report(deployment.pk, token, result="succeeded")
    change_request.refresh_from_db()
    assert change_request.state == "deploying"


def test_the_token_of_another_deployment_is_refused(payments, receiver):
    payments.reached_by(
        "webhook",
        payments.production,
        webhook_url=receiver.url,
        webhook_secret="payments",
    )
    here = run(payments.request())
    run(payments.request(environment=payments.production))
    with pytest.raises(CallbackRefused):
        report(here.pk, token_of(receiver), result="succeeded")


def test_a_deployment_that_does_not_exist_answers_like_a_forged_token(db):
    with pytest.raises(CallbackRefused):
        report(4711, "forged", result="succeeded")


def test_the_token_is_good_for_one_report(payments, receiver):
    deployment = run(payments.request())
    report(deployment.pk, token_of(receiver), result="succeeded")
    with pytest.raises(NotWaiting):
        report(deployment.pk, token_of(receiver), result="failed", comment="no, wait")


@pytest.mark.parametrize(
    ("result", "comment"), [("maybe", ""), ("failed", ""), ("failed", "x" * 2001), ("", "x")]
)
def test_a_report_that_says_nothing_is_refused_and_the_token_stays_good(
    payments, receiver, result, comment
):
    deployment = run(payments.request())
    with pytest.raises(InvalidInput):
        report(deployment.pk, token_of(receiver), result=result, comment=comment)
    assert report(deployment.pk, token_of(receiver), result="succeeded").state == "succeeded"


def test_the_token_is_stored_as_a_digest_only(payments, receiver):
    run(payments.request())
    stored = Deployment.objects.values().get()
    assert token_of(receiver) not in str(stored)


def test_an_executor_that_is_busy_is_called_again_with_the_same_id_and_token(payments, receiver):
    receiver.answers = [(503, {}, b"later"), (429, {}, b""), (200, {}, b"")]
    change_request = payments.request()
    assert run(change_request).tries == 1
    assert run(change_request).tries == 2
    assert run(change_request).state == "waiting"
    assert len({headers["webhook-id"] for headers, _ in receiver.received}) == 1
    assert len({json.loads(body)["callback"]["token"] for _, body in receiver.received}) == 1


def test_an_executor_that_refuses_fails_the_request_in_its_own_words(payments, receiver):
    receiver.answers = [(422, {}, b"unknown environment\x00\x07")]
    change_request = payments.request()
    deployment = run(change_request)
    assert change_request.state == "failed"
    assert "answered 422: unknown environment" in deployment.reason


def test_a_redirect_is_not_followed(payments, receiver):
    elsewhere = Receiver()
    receiver.answers = [(307, {"location": elsewhere.url}, b"")]
    change_request = payments.request()
    run(change_request)
    elsewhere.stop()
    assert change_request.state == "failed"
    assert elsewhere.received == []


def test_an_endless_answer_is_cut(payments, receiver):
    receiver.answers = [(200, {}, b"x" * 5_000_000)]
    assert run(payments.request()).state == "waiting"


def test_nobody_there_is_no_answer(payments, receiver, settings):
    settings.CARRY_OUT_TRIES = 2
    receiver.stop()
    receiver.stop = lambda: None
    change_request = payments.request()
    assert run(change_request).state == "running"
    run(change_request)
    assert change_request.state == "errored"


def test_no_report_in_time_is_errored(payments, receiver):
    change_request = payments.request()
    deployment = run(change_request)
    sweep()
    Deployment.objects.filter(pk=deployment.pk).update(give_up_at=timezone.now())
    sweep()
    change_request.refresh_from_db()
    assert change_request.state == "errored"
    with pytest.raises(NotWaiting):
        report(deployment.pk, token_of(receiver), result="succeeded")


@pytest.mark.parametrize("content", [None, "", "whsec_!!!", b"\xff\xfe"])
def test_without_a_readable_secret_nothing_is_sent(payments, receiver, tmp_path, content):
    secret = tmp_path / "payments"
    secret.unlink()
    if isinstance(content, bytes):
        secret.write_bytes(content)
    elif content is not None:
        secret.write_text(content)
    change_request = payments.request()
    run(change_request)
    assert change_request.state == "failed"
    assert receiver.received == []


def test_without_a_directory_of_secrets_nothing_is_sent(payments, receiver, settings):
    settings.WEBHOOK_SECRETS_DIR = ""
    change_request = payments.request()
    run(change_request)
    assert change_request.state == "failed"
    assert receiver.received == []


def test_an_inner_address_is_refused_when_it_is_called(payments, receiver, settings):
    change_request = payments.request()
    settings.OUTGOING_ALLOWED_HOSTS = []
    deployment = run(change_request)
    assert change_request.state == "failed"
    assert "OUTGOING_ALLOWED_HOSTS" in deployment.reason
    assert receiver.received == []
