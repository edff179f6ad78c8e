"""Champion against challenger over REST: what is answered, to whom, and at what cost."""

import pytest
from django.utils import timezone

from catalog.models import Environment
from deployments.models import Deployment, DeploymentState
from releases.models import ChangeRequest
from tests.api.test_query_counts import queries_of


@pytest.fixture
def models(world):
    """Nobody has to sign in staging, and no gate asks for anything."""
    world.policy(gates=[], approvals=[])
    return world


def trained(world, auc=None, artifact="fraud"):
    version = world.version(artifact=artifact, kind="model")
    if auc is not None:
        body = {"kind": "metrics", "document": {"auc": auc}}
        answer = world.ci.post(f"/api/v1/artifact-versions/{version['id']}/evidence/", body)
        assert answer.status_code == 201, answer.content
    return version


def asked(world, *versions):
    return world.request(world.release(*versions, tested=False))


def serve(world, *versions):
    """Let the versions serve in staging, as after a deployment that succeeded."""
    request = ChangeRequest.objects.get(pk=asked(world, *versions)["number"])
    now = timezone.now()
    Deployment.objects.create(
        change_request=request,
        environment=request.environment,
        state=DeploymentState.SUCCEEDED,
        finished_at=now,
        give_up_at=now,
        lease_until=now,
    )
    request.state, request.deployed_at = "deployed", now
    request.save()
    return request


def of_version(version, environment=""):
    query = f"?environment={environment}" if environment else ""
    return f"/api/v1/artifact-versions/{version['id']}/comparison/{query}"


def of_request(number):
    return f"/api/v1/change-requests/{number}/comparisons/"


def test_a_version_is_answered_beside_the_one_that_serves(models):
    old, new = trained(models, 0.8), trained(models, 0.82)
    request = serve(models, old)
    answer = models.as_("vera").get(of_version(new))
    assert answer.status_code == 200
    body = answer.json()
    assert body["environment"] == "staging"
    assert body["challenger"] == {key: new[key] for key in ("id", "artifact", "version", "digest")}
    champion = body["champion"]
    assert champion.pop("since").endswith("Z")
    assert champion == {
        **{key: old[key] for key in ("id", "artifact", "version", "digest")},
        "release": request.release.version,
        "change_request": request.number,
    }
    assert body["is_same"] is False
    (line,) = body["metrics"]
    for side, value in (("challenger", 0.82), ("champion", 0.8)):
        measure = line.pop(side)
        assert (measure["value"], measure["said"]) == (value, "")
    assert line == {
        "metric": "auc",
        "slice": "",
        "greater_is_better": True,
        "difference": 0.02,
        "relative": 0.025,
        "change": "better",
        "on_other_data": False,
    }
    assert [body[name] for name in ("slices", "parameters", "datasets")] == [[], [], []]
    assert [(each["name"], each["change"]) for each in body["code"]] == [("Commit", "unchanged")]


def test_the_environment_may_be_named(models):
    old, new = trained(models, 0.8), trained(models, 0.82)
    serve(models, old)
    there = models.as_("vera").get(of_version(new, "production")).json()
    assert (there["environment"], there["champion"]) == ("production", None)
    assert there["metrics"][0]["champion"] is None
    here = models.as_("vera").get(of_version(old, "staging")).json()
    assert here["is_same"] is True


def test_a_change_request_answers_one_comparison_per_model(models):
    serve(models, trained(models, 0.8), trained(models, 0.7, "churn"))
    image = models.version()
    number = asked(models, image, trained(models, 0.9), trained(models, 0.6, "churn"))["number"]
    answer = models.as_("vera").get(of_request(number))
    assert answer.status_code == 200
    told = {
        each["challenger"]["artifact"]: (each["environment"], each["metrics"][0]["change"])
        for each in answer.json()
    }
    assert told == {"fraud": ("staging", "better"), "churn": ("staging", "worse")}


def test_after_the_deployment_it_answers_what_served_before(models):
    serve(models, old := trained(models, 0.8))
    done = serve(models, trained(models, 0.9))
    (told,) = models.as_("vera").get(of_request(done.number)).json()
    assert told["champion"]["id"] == old["id"]


def test_a_change_request_without_a_model_answers_an_empty_list(models):
    number = asked(models, models.version())["number"]
    assert models.as_("vera").get(of_request(number)).json() == []


def test_what_one_may_not_see_does_not_exist(models, nobody):
    version = trained(models)
    number = asked(models, version)["number"]
    for path in (of_version(version), of_request(number)):
        assert models.as_("olga").get(path).status_code == 404
        assert nobody.get(path).status_code == 401
    assert models.as_("vera").get(of_version({"id": version["id"] + 999})).status_code == 404
    assert models.as_("vera").get(of_request(number + 999)).status_code == 404


def test_a_token_that_may_not_read_is_refused(models):
    version = trained(models)
    number = asked(models, version)["number"]
    for path in (of_version(version), of_request(number)):
        assert models.as_("vera", "artifacts").get(path).status_code == 403


def test_what_cannot_be_compared_is_refused_with_the_reason(models):
    image, model = models.version(), trained(models)
    vera = models.as_("vera")
    for path, why in (
        (of_version(image), "Only versions of models are compared"),
        (of_version(model, "nowhere"), "The project has no environment 'nowhere'."),
    ):
        answer = vera.get(path)
        assert answer.status_code == 400
        (sentence,) = answer.json()["errors"]["environment"]
        assert why in sentence


def test_a_project_without_environments_has_nothing_to_compare_with(world):
    version = trained(world)
    Environment.objects.filter(project=world.project).delete()
    answer = world.as_("vera").get(of_version(version))
    assert answer.status_code == 400
    assert "The project has no environment." in answer.json()["errors"]["environment"]


def test_the_number_of_queries_grows_neither_with_models_nor_with_environments(models):
    names = ("fraud", "churn", "limits", "prices")
    serve(models, *(trained(models, 0.8, name) for name in names))
    one = asked(models, trained(models, 0.9))["number"]
    vera = models.as_("vera")
    vera.get(of_request(one))
    few = queries_of(lambda: vera.get(of_request(one)))
    ChangeRequest.objects.filter(pk=one).update(state="withdrawn")
    versions = [trained(models, 0.9, name) for name in names]
    four = asked(models, *versions)["number"]
    assert len(queries_of(lambda: vera.get(of_request(four)))) == len(few)

    before = queries_of(lambda: vera.get(of_version(versions[0])))
    for position in (3, 4):
        place = {"name": f"more-{position}", "tier": "development", "position": position}
        assert models.as_("admin").post(models.at("environments/"), place).status_code == 201
    assert len(queries_of(lambda: vera.get(of_version(versions[0])))) == len(before)
