"""A model arrives in KServe: applied, tried beside what serves, promoted, compared, put back."""

import pytest

from audit.models import Event
from deployments.running import runs_in
from tests.deployments.ground import abandon, run, steps_of

MODES = ["Standard", "Knative"]


@pytest.fixture
def fraud(ground, api):
    """The ground with staging on the sandbox cluster, where KServe serves the fraud model."""
    ground.on_cluster(api.url)
    ground.bind_model()
    return ground


def canary(ground, api, mode, *percents, **more):
    """The same with a canary, and a model that serves already."""
    ground.on_cluster(api.url, **more)
    ground.bind_model(serving_mode=mode, canary_percents=percents)
    first = ground.model()
    deployment = run(ground.request(first))
    assert deployment.state == "succeeded", deployment.reason
    return first


def told() -> list[str]:
    kinds = (
        Event.objects.in_log_order() if hasattr(Event.objects, "in_log_order") else Event.objects
    )
    return [each.type for each in kinds.order_by("id") if each.type.startswith("deployments.")]


def test_an_approved_model_serves_by_its_address_and_digest(fraud, api):
    model = fraud.model()
    change_request = fraud.request(model)
    deployment = run(change_request)
    assert change_request.state == "deployed", deployment.reason
    assert api.serves() == {model.uri}
    predictor = api.service()["spec"]["predictor"]
    assert predictor["model"] == {"modelFormat": {"name": "sklearn"}, "storageUri": model.uri}
    assert predictor["annotations"] == {
        "gatehouse.dev/change-request": change_request.label,
        "gatehouse.dev/release": change_request.release.version,
        "gatehouse.dev/digest": change_request.release.content_digest,
        "gatehouse.dev/model-digest": model.digest,
    }
    (manager,) = {
        each["manager"]
        for each in api.service()["metadata"]["managedFields"]
        if each["operation"] == "Apply"
    }
    assert manager == "gatehouse"
    assert steps_of(deployment) == [
        ("plan", "done"),
        ("apply", "done"),
        ("roll_out", "done"),
        ("verify", "done"),
    ]
    (running,) = runs_in(fraud.staging.pk).runs
    assert running.verified
    assert running.digest == model.digest


@pytest.mark.parametrize("mode", MODES)
def test_a_new_model_takes_over_part_by_part_and_is_promoted(ground, api, mode):
    canary(ground, api, mode, 10, 50)
    model = ground.model()
    change_request = ground.request(model)
    deployment = run(change_request)
    assert change_request.state == "deployed", deployment.reason
    assert api.serves() == {model.uri}
    spec = api.service()["spec"]
    assert "canary" not in spec
    assert "canaryTrafficPercent" not in spec["predictor"]
    assert steps_of(deployment)[3:6] == [("shift", "done"), ("shift", "done"), ("promote", "done")]
    shifted = Event.objects.filter(type="deployments.shifted").order_by("id")
    assert [each.facts["data"]["percent"] for each in shifted] == [10, 50]
    assert Event.objects.filter(type="deployments.promoted").count() == 1


@pytest.mark.parametrize("mode", MODES)
def test_a_challenger_that_fails_to_load_never_gets_a_request_and_what_served_serves_on(
    ground, api, mode
):
    first = canary(ground, api, mode, 10)
    bad = ground.model()
    api.fault("model_load", address=bad.uri, message="NoSuchKey: the object is gone")
    change_request = ground.request(bad)
    deployment = run(change_request)
    assert change_request.state == "failed"
    assert "NoSuchKey" in deployment.reason
    assert "What ran before was put back." in deployment.reason
    assert api.serves() == {first.uri}
    assert "shifted" not in " ".join(told())
    assert dict(steps_of(deployment))["put_back"] == "done"


@pytest.mark.parametrize("mode", MODES)
def test_a_worker_killed_in_the_middle_of_a_canary_is_followed_by_one_that_goes_on(
    ground, api, mode, monkeypatch
):
    from deployments.executors import shifting  # noqa: PLC0415 -- the seam of this test

    canary(ground, api, mode, 10, 50)
    model = ground.model()
    change_request = ground.request(model)

    class KilledError(BaseException):
        pass

    def killed(*args):
        raise KilledError

    with monkeypatch.context() as patched:
        patched.setattr(shifting, "_is_held", killed)
        patched.setattr("deployments.carry_out.let_go", lambda work: None)
        with pytest.raises(KilledError):
            run(change_request)
    deployment = change_request.deployments.first()
    abandon(deployment)
    deployment = run(change_request, "celery@two")
    assert deployment.state == "succeeded", deployment.reason
    assert api.serves() == {model.uri}
    assert Event.objects.filter(type="deployments.shifted").count() == 2


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("mlflow-artifacts:/1/abc/artifacts/model", "KServe does not ask MLflow"),
        ("models:/m-123", "a name inside of MLflow"),
        ("runs:/abc/model", "a name inside of MLflow"),
        ("dbfs:/models/fraud", "Databricks"),
        ("file:///mlruns/1/model", "a file on one machine"),
        ("/mlruns/1/model", "a file on one machine"),
        ("wasbs://container@account/model", "by the https address of a blob"),
        ("ftp://files/model", "no loader for ftp:"),
        ("s3://key:secret@bucket/model", "user name or password"),
        ("", "without the address"),
    ],
)
def test_an_address_that_kserve_cannot_load_is_refused_while_planning(fraud, api, address, why):
    change_request = fraud.request(fraud.model(uri=address))
    deployment = run(change_request)
    assert change_request.state == "failed"
    assert deployment.reason.startswith("KServe cannot load fraud-model 1.0.")
    assert why in deployment.reason
    assert steps_of(deployment) == [("plan", "failed")]
    assert not api.service()
