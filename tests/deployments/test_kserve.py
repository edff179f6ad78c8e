"""A model arrives in KServe: applied, tried beside what serves, promoted, compared, put back."""

import re
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from audit.models import Event
from deployments.executors.placements import placements_of
from deployments.executors.port import DefiniteNo
from deployments.models import WorkloadBinding
from deployments.running import runs_in
from models_registry.actions.create_registry import RegistrySpec, create_registry
from models_registry.models import DigestBasis, Intake, ModelVersion, RegisteredModel
from tests import factories
from tests.deployments.ground import abandon, run, steps_of

MODES = ["Standard", "Knative"]


@pytest.fixture
def fraud(ground, api):
    """The ground with staging on the sandbox cluster, where KServe serves the fraud model."""
    ground.on_cluster(api.url)
    ground.bind_model()
    return ground


def taken_in(model_version, **snapshot):
    """The artifact version as if it had come from MLflow, with what it said."""
    registry = create_registry(
        model_version.artifact.project,
        "main",
        RegistrySpec(tracking_url="https://mlflow.example.com"),
        by=factories.admin(),
    )
    model = RegisteredModel.objects.create(
        registry=registry, artifact=model_version.artifact, name=model_version.artifact.name
    )
    ModelVersion.objects.create(
        model=model,
        number=1,
        artifact_version=model_version,
        intake=Intake.COMPLETE,
        digest_basis=DigestBasis.FILES,
        **snapshot,
    )
    return model_version


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


@pytest.mark.parametrize("watched", [True, False], ids=["handed over", "left alone"])
def test_a_hold_goes_on_with_the_next_worker_and_begins_anew_where_nobody_watched(
    ground, api, settings, watched
):
    from deployments.executors import shifting  # noqa: PLC0415 -- the seam of this test

    settings.CARRY_OUT_LEASE_SECONDS = 30
    canary(ground, api, "Standard", 10)
    WorkloadBinding.objects.update(canary_hold_seconds=1)
    change_request = ground.request(ground.model())

    class KilledError(BaseException):
        pass

    def killed(*args):
        raise KilledError

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(shifting, "_is_held", killed)
        patched.setattr("deployments.carry_out.let_go", lambda work: None)
        with pytest.raises(KilledError):
            run(change_request)
    step = change_request.deployments.get().steps.get(verb="shift")
    gap = timedelta(seconds=1 if watched else 45)
    began = (timezone.now() - timedelta(minutes=5)).isoformat()
    step.record |= {"since": began, "seen": (timezone.now() - gap).isoformat()}
    step.save()
    abandon(change_request.deployments.get())
    assert run(change_request, "celery@two").state == "succeeded"
    step.refresh_from_db()
    assert (step.record["since"] == began) == watched
    held = step.finished_at - datetime.fromisoformat(step.record["since"])
    assert held >= timedelta(seconds=1)


def test_a_part_is_held_from_when_the_model_has_it_and_anew_after_it_faltered(ground, api):
    from deployments.executors import shifting  # noqa: PLC0415 -- the seam of this test
    from deployments.executors.models import ModelPlacement  # noqa: PLC0415 -- the seam of this test

    canary(ground, api, "Standard", 10)
    WorkloadBinding.objects.update(canary_hold_seconds=2)
    shares, seen = iter([None, None, 10, 3]), []
    is_held = shifting._is_held

    def slowly(self, *args):
        return next(shares, 10)

    def noting(step, model):
        seen.append(step.record["since"])
        return is_held(step, model)

    change_request = ground.request(model := ground.model())
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ModelPlacement, "gets", slowly)
        patched.setattr(shifting, "_is_held", noting)
        deployment = run(change_request)
    assert deployment.state == "succeeded", deployment.reason
    assert api.serves() == {model.uri}
    step = deployment.steps.get(verb="shift")
    first, *others = dict.fromkeys(seen)
    assert others == [step.record["since"]], "it faltered once, and the hold began anew"
    assert first < others[0]
    held = step.finished_at - datetime.fromisoformat(step.record["since"])
    assert held >= timedelta(seconds=2)


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
def test_an_address_that_kserve_cannot_load_is_refused_before_anybody_signs(
    fraud, api, address, why
):
    model = fraud.model(uri=address)
    change_request = fraud.asked(model)
    assert change_request.state == "blocked"
    (sentence,) = change_request.blocking
    assert sentence.startswith("KServe cannot load fraud-model 1.0.")
    assert why in sentence
    assert not api.service()
    with pytest.raises(DefiniteNo, match=re.escape(why)):
        placements_of(change_request.release, fraud.staging.target)


def test_the_address_is_the_one_that_mlflow_resolved_and_the_format_its_flavours(fraud, api):
    WorkloadBinding.objects.update(model_format="")
    version = taken_in(
        fraud.model(uri=""),
        source="models:/m-1",
        download_uri="s3://mlflow/1/models/m-1/artifacts",
        flavours={"python_function": {}, "sklearn": {}},
    )
    deployment = run(fraud.request(version))
    assert deployment.state == "succeeded", deployment.reason
    assert api.serves() == {"s3://mlflow/1/models/m-1/artifacts"}
    assert api.service()["spec"]["predictor"]["model"]["modelFormat"] == {"name": "mlflow"}


def test_a_plan_that_meets_an_address_that_became_known_too_late_fails_with_it(fraud, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr("deployments.obstacles.obstacles_of", lambda *told: [])
        change_request = fraud.request(fraud.model(uri="models:/fraud/3"))
        monkeypatch.setattr("deployments.actions.claim.still_stands", lambda *told, by: None)
        deployment = run(change_request)
    assert change_request.state == "failed"
    assert deployment.reason.startswith("KServe cannot load fraud-model")
    assert deployment.reason.count("KServe cannot load") == 1
    assert steps_of(deployment) == [("plan", "failed")]


@pytest.mark.parametrize("mode", MODES)
def test_what_served_before_comes_back_even_after_the_new_model_was_promoted(
    ground, api, mode, monkeypatch
):
    from deployments.executors.models import ModelPlacement  # noqa: PLC0415 -- the seam of this test

    first = canary(ground, api, mode, 10)

    def refuses(*args):
        raise DefiniteNo("Another model serves.")

    change_request = ground.request(ground.model())
    with monkeypatch.context() as patched:
        patched.setattr(ModelPlacement, "compare", refuses)
        deployment = run(change_request)
    assert change_request.state == "failed"
    assert deployment.reason == "Another model serves. What ran before was put back."
    assert api.serves() == {first.uri}
    assert "canary" not in api.service()["spec"]
    again = ground.request(model := ground.model())
    deployment = run(again)
    assert deployment.state == "succeeded", deployment.reason
    assert api.serves() == {model.uri}


def test_without_a_canary_the_model_is_replaced_in_its_place(fraud, api):
    run(fraud.request(fraud.model()))
    second = fraud.model()
    deployment = run(fraud.request(second))
    assert deployment.state == "succeeded", deployment.reason
    assert api.serves() == {second.uri}
    assert not deployment.steps.filter(verb__in=["shift", "promote"]).exists()


def test_the_same_model_again_needs_no_canary(ground, api):
    first = canary(ground, api, "Standard", 10)
    deployment = run(ground.request(first))
    assert deployment.state == "succeeded", deployment.reason
    assert not Event.objects.filter(type="deployments.shifted").exists()
    assert "serves all requests already" in deployment.steps.get(verb="shift").sentence


def test_a_format_that_no_runtime_serves_fails_with_the_clusters_own_reason(ground, api):
    ground.on_cluster(api.url)
    ground.bind_model(model_format="abacus")
    deployment = run(ground.request(ground.model()))
    assert deployment.state == "failed"
    assert "NoSupportingRuntime" in deployment.reason


def test_a_format_that_nobody_names_is_asked_for(ground, api):
    ground.on_cluster(api.url)
    ground.bind_model(model_format="")
    deployment = run(ground.request(ground.model()))
    assert "Name the model format in the binding of fraud-model" in deployment.reason


def test_a_cluster_without_kserve_says_so(fraud, api):
    api.fault("error", status=404, path="/inferenceservices/fraud", method="PATCH")
    deployment = run(fraud.request(fraud.model()))
    assert deployment.state == "failed"
    assert "is not in the cluster" in deployment.reason
