"""MLflow's webhooks: believed only as far as their signature, and only as a hint."""

import base64
import hashlib
import hmac
import json
import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from models_registry.actions import lease
from models_registry.actions.forget_deliveries import forget_deliveries
from models_registry.models import Hint, ModelVersion, WebhookDelivery
from models_registry.queue import LOOK_AT_HINTS
from models_registry.webhooks import signature
from tests.models_registry.lab import trained

SECRET = "portal-test-secret"
CREATED = {
    "entity": "model_version",
    "action": "created",
    "timestamp": "2026-01-01T00:00:00+00:00",
    "data": {"name": "credit-risk", "version": "1", "source": "models:/m-1", "run_id": None},
}
EXAMPLE = {"name": "example_model", "version": "1", "source": "models:/123", "run_id": "abcd"}


@pytest.fixture
def hooked(lab, secrets):
    (secrets / "credit.webhook").write_text(SECRET)
    lab.change(webhook_secret="credit.webhook")
    return lab


@pytest.fixture
def post(hooked, client):
    """Deliver as MLflow does; what is given replaces a header."""

    def deliver(document=CREATED, *, key=None, age=0, secret=SECRET, body=None, **headers):
        raw = json.dumps(document).encode() if body is None else body
        sent = {
            "X-MLflow-Delivery-Id": str(uuid.uuid4()),
            "X-MLflow-Timestamp": str(int(timezone.now().timestamp()) - age),
            **headers,
        }
        signed = f"{sent['X-MLflow-Delivery-Id']}.{sent['X-MLflow-Timestamp']}.".encode() + raw
        digest = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
        sent.setdefault("X-MLflow-Signature", f"v1,{base64.b64encode(digest).decode()}")
        sent = {name: value for name, value in sent.items() if value is not None}
        address = reverse("mlflow-webhook", args=[key or hooked.registry.webhook_key])
        return client.post(address, raw, content_type="application/json", headers=sent)

    return deliver


def test_the_signature_is_mlflows_own():
    body = (
        b'{"entity": "model_version_alias", "action": "created", "timestamp": '
        b'"2026-01-01T00:00:00+00:00", "data": {"name": "credit-risk", "alias": "champion", '
        b'"version": "7"}}'
    )
    signed = signature(SECRET, "6f1c2f0e-7d0b-4d0a-9a64-0a1b2c3d4e5f", "1767225600", body)
    assert signed == b"v1,5d0IMH0RVdfirz+8uofaOss2vCj1k5yBdSDFNNWSxU8="


def test_a_delivery_makes_the_worker_look_at_the_model(hooked, post, anna):
    anna.model("credit-risk")
    trained(anna)
    answer = post()
    assert answer.json() == {"detail": "Taken; the model is looked at now."}
    assert not ModelVersion.objects.exists()  # nothing that it says is believed
    hooked.look_at_hints()
    assert hooked.version("credit-risk").artifact_version
    assert not Hint.objects.exists()


def test_a_hint_that_comes_at_the_very_end_of_a_look_is_looked_at_too(
    hooked, anna, monkeypatch, django_capture_on_commit_callbacks
):
    """Its own nudge found the registry taken."""
    anna.model("credit-risk")
    release, nudged = lease.release, []

    def late(registry, *, holder):
        Hint.objects.create(registry=registry, model_name="credit-risk")
        release(registry, holder=holder)

    monkeypatch.setattr("models_registry.actions.lease.release", late)
    monkeypatch.setattr("catalog.nudges._send", lambda *message: nudged.append(message[:2]))
    with django_capture_on_commit_callbacks(execute=True):
        hooked.look_at_hints()
    assert (LOOK_AT_HINTS, hooked.registry.pk) in nudged


def test_only_the_model_that_it_names_is_asked_for(hooked, post, anna, standin):
    for name in ("credit-risk", "other"):
        anna.model(name)
        anna.version(name)
    post()
    standin.calls.clear()
    hooked.look_at_hints()
    assert {asked.get("name") for call, asked in standin.calls if call.endswith("/get")} == {
        "credit-risk"
    }
    assert ModelVersion.objects.count() == 1


def test_a_replayed_delivery_is_taken_once(post):
    headers = {"X-MLflow-Delivery-Id": "6f1c2f0e"}
    post(**headers)
    Hint.objects.all().delete()
    assert post(**headers).json() == {"detail": "This delivery was taken before."}
    assert not Hint.objects.exists()


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"secret": "another"}, "signature does not fit"),
        ({"X-MLflow-Signature": None}, "has the headers"),
        ({"X-MLflow-Signature": "v1,é"}, "signature does not fit"),
        ({"X-MLflow-Delivery-Id": ""}, "has the headers"),
        ({"X-MLflow-Delivery-Id": "x" * 101}, "has the headers"),
        ({"age": 601}, "seconds ago; at most 600 are taken"),
        ({"age": -120}, "was signed -1"),
        ({"X-MLflow-Timestamp": "soon"}, "no number of seconds"),
        ({"body": b"<xml>"}, "not JSON"),
        ({"body": b'{"data": []}'}, "has no data"),
        ({"body": b" " * (256 * 1024 + 1)}, "at most 262144 bytes"),
    ],
    ids=[
        "forged", "unsigned", "nonsense", "no id", "long id", "stale", "ahead", "no time", "no json",
        "no data", "too large",
    ],
)  # fmt: skip
def test_what_mlflow_did_not_sign_now_is_refused(post, how, words):
    answer = post(**how)
    assert answer.status_code == 403
    assert answer.json()["code"] == "webhook_refused"
    assert words in answer.json()["detail"]
    assert not Hint.objects.exists()
    assert not WebhookDelivery.objects.exists()


def test_a_changed_body_is_refused_although_it_means_the_same(post):
    raw = json.dumps(CREATED).encode()
    stamp = str(int(timezone.now().timestamp()))
    given = signature(SECRET, "1", stamp, raw).decode()
    headers = {
        "X-MLflow-Delivery-Id": "1",
        "X-MLflow-Timestamp": stamp,
        "X-MLflow-Signature": given,
    }
    assert post(body=raw.replace(b", ", b","), **headers).status_code == 403
    assert post(body=raw, **headers).status_code == 200


def test_an_unknown_registry_is_404(post):
    assert post(key=uuid.uuid4()).status_code == 404


def test_a_registry_without_a_secret_takes_no_webhooks(hooked, post):
    hooked.change(webhook_secret="")
    assert post().status_code == 404


def test_a_registry_that_is_switched_off_takes_no_webhooks(hooked, post):
    hooked.change(is_active=False)
    assert post().status_code == 404


def test_a_secret_that_cannot_be_read_lets_nothing_in(hooked, post, secrets):
    (secrets / "credit.webhook").unlink()
    assert "cannot be read" in post().json()["detail"]


@pytest.mark.parametrize(
    "document",
    [
        {**CREATED, "data": EXAMPLE},
        {**CREATED, "entity": "model_version_alias", "data": {**EXAMPLE, "alias": "example_alias"}},
        {**CREATED, "entity": "prompt", "data": {"name": "credit-risk"}},
        {**CREATED, "data": {}},
        {**CREATED, "data": {"name": 7}},
        {**CREATED, "data": {"name": "x" * 501}},
    ],
    ids=["test", "test alias", "prompt", "nameless", "no name", "long name"],
)
def test_a_test_and_what_is_about_no_model_is_taken_and_nothing_follows(post, document):
    assert post(document).status_code == 200
    assert not Hint.objects.exists()


def test_a_model_of_another_project_is_not_looked_at(hooked, post):
    hooked.change(name_pattern="fraud-*")
    assert "does not belong" in post().json()["detail"]
    assert not Hint.objects.exists()


def test_a_real_model_called_like_the_example_is_looked_at(post):
    post({**CREATED, "data": {"name": "example_model", "version": "3", "source": "s3://x"}})
    assert Hint.objects.get().model_name == "example_model"


def test_old_deliveries_are_forgotten(post):
    post()
    WebhookDelivery.objects.update(received_at=timezone.now() - timedelta(days=2))
    post()
    assert forget_deliveries() == 1
    assert WebhookDelivery.objects.count() == 1
