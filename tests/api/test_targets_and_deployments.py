import pytest
from django.utils import timezone

from deployments.executors.webhook import callback_token, digest_of_token
from deployments.models import Deployment, DeploymentState, DeploymentStep
from releases.models import ChangeRequest
from tests import factories

MANUAL = {"executor": "manual"}
BINDING = {"artifact": "payments-api", "workload": "api", "container": "api"}


@pytest.fixture
def target(world):
    assert (
        world.as_("oskar").put(world.at("environments/staging/target/"), MANUAL).status_code == 200
    )
    return world.at("environments/staging/target/")


def test_a_target_is_set_and_read_and_counts_its_changes(world):
    path = world.at("environments/staging/target/")
    assert world.as_("vera").get(path).status_code == 404
    made = world.as_("oskar").put(path, MANUAL)
    assert (made.json()["executor"], made.json()["bindings"]) == ("manual", [])
    again = world.as_("oskar").put(path, {"executor": "manual", "timeout_seconds": 3600})
    assert again.json()["revision"] > made.json()["revision"]
    assert world.as_("vera").get(path).json() == again.json()


def test_a_kubernetes_target_names_a_cluster_and_binds_images(world):
    world.version()
    admin, oskar = world.as_("admin"), world.as_("oskar")
    made = admin.post("/api/v1/clusters/", {"name": "east", "server": "https://east.example.com"})
    assert made.status_code == 201, made.content
    assert world.as_("vera").get("/api/v1/clusters/east/").json() == made.json()
    assert len(world.as_("vera").get("/api/v1/clusters/?name=east").json()["results"]) == 1
    path = world.at("environments/staging/target/")
    wanted = {"executor": "kubernetes", "cluster": "east", "namespace": "payments"}
    assert oskar.put(path, wanted).json()["cluster"] == "east"
    bound = oskar.post(f"{path}bindings/", BINDING)
    assert bound.status_code == 201, bound.content
    assert world.as_("vera").get(path).json()["bindings"] == [bound.json()]
    assert oskar.post(f"{path}bindings/", BINDING).status_code == 409
    assert oskar.delete(f"{path}bindings/{bound.json()['id']}/").status_code == 204
    assert oskar.delete(f"{path}bindings/{bound.json()['id']}/").status_code == 404


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, "executor"),
        ({"executor": "magic"}, "executor"),
        ({"executor": "kubernetes", "cluster": "west", "namespace": "x"}, "cluster"),
        ({"executor": "kubernetes", "namespace": "payments"}, "cluster"),
        ({"executor": "webhook", "webhook_url": "ftp://x"}, "webhook_url"),
        ({"executor": "webhook", "webhook_url": 1}, "webhook_url"),
        ({"executor": "manual", "timeout_seconds": 0}, "timeout_seconds"),
        ({"executor": "manual", "timeout_seconds": 2**31}, "timeout_seconds"),
        ({"executor": "manual", "timeout_seconds": "1"}, "timeout_seconds"),
        ({"executor": "manual", "revision": 1}, "revision"),
    ],
)
def test_a_target_that_does_not_fit_is_named(world, body, named):
    answer = world.as_("oskar").put(world.at("environments/staging/target/"), body)
    assert answer.status_code == 400, answer.content
    assert list(answer.json()["errors"]) == [named]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("artifact", "no-such"),
        ("artifact", 1),
        ("workload", "Not A Name"),
        ("container", ""),
        ("workload_kind", "Pod"),
        ("replicas", -1),
        ("replicas", 40_000),
        ("replicas", "2"),
        ("namespace", "x"),
    ],
)
def test_a_binding_that_does_not_fit_is_named(world, target, field, value):
    world.version()
    answer = world.as_("oskar").post(f"{target}bindings/", BINDING | {field: value})
    assert answer.status_code == 400, answer.content
    assert list(answer.json()["errors"]) == [field]


SERVICE = {"artifact": "fraud-model", "workload": "fraud", "workload_kind": "InferenceService"}


def test_a_model_is_bound_to_a_service_with_its_canary(world, target):
    factories.version(world.project, "fraud-model", kind="model")
    wanted = {"canary_percents": [10, 50], "serving_mode": "Knative", "model_format": "sklearn"}
    answer = world.as_("oskar").post(f"{target}bindings/", SERVICE | wanted)
    assert answer.status_code == 201, answer.content
    shown = answer.json()
    assert {name: shown[name] for name in wanted} == wanted
    assert (shown["container"], shown["canary_hold_seconds"]) == ("", 60)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("workload", "Fraud"),
        ("serving_mode", "ModelMesh"),
        ("canary_percents", [50, 10]),
        ("canary_percents", "10"),
        ("canary_percents", ["10"]),
        ("canary_hold_seconds", -1),
        ("model_format", 7),
    ],
)
def test_a_binding_of_a_model_that_does_not_fit_is_named(world, target, field, value):
    factories.version(world.project, "fraud-model", kind="model")
    wanted = {"canary_percents": [10], field: value}
    answer = world.as_("oskar").post(f"{target}bindings/", SERVICE | wanted)
    assert answer.status_code == 400, answer.content
    assert [named.partition("[")[0] for named in answer.json()["errors"]] == [field]


def test_an_artifact_of_another_project_cannot_be_bound(world, target):
    factories.version(world.other_project, "lending-api")
    answer = world.as_("oskar").post(f"{target}bindings/", BINDING | {"artifact": "lending-api"})
    assert "artifact" in answer.json()["errors"]


@pytest.fixture
def waiting(world, target):
    """A deployment that waits for somebody's word."""
    asked = world.request()
    now = timezone.now()
    ChangeRequest.objects.filter(pk=asked["number"]).update(deployed_at=None)
    deployment = Deployment.objects.create(
        change_request_id=asked["number"],
        environment=world.project.environments.get(name="staging"),
        state=DeploymentState.WAITING,
        give_up_at=now,
        lease_until=now,
    )
    DeploymentStep.objects.create(
        deployment=deployment, position=1, verb="attest", title="Wait for the result"
    )
    return deployment


def test_a_deployment_is_read_with_its_steps_and_found(world, waiting):
    path = f"/api/v1/deployments/{waiting.pk}/"
    shown = world.as_("vera").get(path).json()
    assert shown["state"] == "waiting"
    assert [step["verb"] for step in shown["steps"]] == ["attest"]
    assert world.as_("olga").get(path).status_code == 404
    number = shown["change_request"]
    for query in (
        "state=waiting",
        f"change_request=CR-{number}",
        "project=payments&environment=staging",
    ):
        found = world.as_("vera").get(f"/api/v1/deployments/?{query}").json()["results"]
        assert [row["id"] for row in found] == [waiting.pk]
    for query in ("change_request=x", "change_request=999999", "project=lending"):
        assert world.as_("vera").get(f"/api/v1/deployments/?{query}").json()["results"] == []


def test_a_machine_cannot_attest_and_a_result_must_be_one(world, waiting):
    path = f"/api/v1/deployments/{waiting.pk}/attest/"
    assert world.ci.post(path, {"result": "succeeded"}).status_code == 403
    for body, named in [({"result": "maybe"}, "result"), ({"result": "failed"}, "comment")]:
        answer = world.as_("priya").post(path, body)
        assert answer.status_code == 400
        assert list(answer.json()["errors"]) == [named]
    assert world.as_("priya").get(path).status_code == 405


def test_a_report_needs_the_token_of_the_call_and_nothing_else(waiting, nobody):
    path = f"/api/v1/deployments/{waiting.pk}/report/"
    refused = nobody.post(path, {"token": "guess", "result": "succeeded"})
    assert (refused.status_code, refused.json()["code"]) == (403, "callback_refused")
    unknown = nobody.post(
        "/api/v1/deployments/999999/report/", {"token": "x", "result": "succeeded"}
    )
    assert unknown.json()["detail"] == refused.json()["detail"]
    token = callback_token(waiting)
    early = nobody.post(path, {"token": token, "result": "succeeded"})
    assert (early.status_code, early.json()["code"]) == (409, "not_waiting")
    Deployment.objects.filter(pk=waiting.pk).update(callback_digest=digest_of_token(token))
    wrong = nobody.post(path, {"token": token, "result": "perhaps"})
    assert list(wrong.json()["errors"]) == ["result"]
    assert list(nobody.post(path, {"result": "succeeded"}).json()["errors"]) == ["token"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", ""), ("name", 1), ("server", "not a url"), ("credentials", "../etc"), ("ca", "x")],
)
def test_a_field_of_a_cluster_that_does_not_fit_is_named(world, field, value):
    answer = world.as_("admin").post("/api/v1/clusters/", {"name": "east"} | {field: value})
    assert answer.status_code == 400, answer.content
    assert list(answer.json()["errors"]) == [field]
