"""One release with an image and a model: both are deployed, or neither."""

import pytest
from django.urls import reverse

from audit.models import Event
from deployments.running import runs_in
from tests.deployments.ground import abandon, run


@pytest.fixture
def bundle(ground, api):
    """Staging where the API runs beside the model that it asks, both of a first bundle."""
    ground.on_cluster(api.url)
    ground.bind()
    ground.bind_model()
    return ground


def put_there(ground):
    """Deploy a first bundle."""
    image, model = ground.version(), ground.model()
    change_request = ground.request(image, model)
    deployment = run(change_request)
    assert change_request.state == "deployed", deployment.reason
    return image, model


def test_a_bundle_arrives_as_one(bundle, api):
    image, model = put_there(bundle)
    assert api.digests() == {image.digest}
    assert api.serves() == {model.uri}
    now = runs_in(bundle.staging.pk)
    assert {each.artifact: each.verified for each in now.runs} == {
        "payments-api": True,
        "fraud-model": True,
    }
    assert Event.objects.filter(type="releases.deployed").count() == 1


def test_an_image_alone_leaves_the_model_of_the_bundle_where_it_is(bundle, api):
    _, model = put_there(bundle)
    image = bundle.version()
    run(bundle.request(image))
    assert api.serves() == {model.uri}
    assert {each.digest for each in runs_in(bundle.staging.pk).runs} == {
        image.digest,
        model.digest,
    }


def test_if_the_model_fails_the_image_is_put_back(bundle, api):
    image, model = put_there(bundle)
    bad = bundle.model()
    api.fault("model_load", address=bad.uri)
    change_request = bundle.request(bundle.version(), bad)
    deployment = run(change_request)
    assert change_request.state == "failed"
    assert "KServe cannot serve the model" in deployment.reason
    assert "What ran before was put back." in deployment.reason
    assert api.digests() == {image.digest}
    assert api.serves() == {model.uri}
    back = Event.objects.filter(type="deployments.put_back")
    assert {each.facts["data"]["workload"] for each in back} == {
        "Deployment payments/api",
        "InferenceService payments/fraud",
    }


def test_if_the_image_fails_the_model_is_put_back(bundle, api):
    image, model = put_there(bundle)
    bad = bundle.version()
    api.fault("crash_loop", digest=bad.digest)
    change_request = bundle.request(bad, bundle.model())
    run(change_request)
    assert change_request.state == "failed"
    assert api.digests() == {image.digest}
    assert api.serves() == {model.uri}


def test_if_the_model_cannot_be_loaded_from_its_address_nothing_is_changed(bundle, api):
    image, model = put_there(bundle)
    change_request = bundle.asked(bundle.version(), bundle.model(uri="models:/fraud/3"))
    assert change_request.state == "blocked"
    assert api.digests() == {image.digest}
    assert api.serves() == {model.uri}
    assert Event.objects.filter(type="deployments.applied").count() == 2, "those of the first"


def test_a_first_bundle_that_fails_leaves_no_pods_of_either(bundle, api):
    bad = bundle.model()
    api.fault("model_load", address=bad.uri)
    change_request = bundle.request(bundle.version(), bad)
    deployment = run(change_request)
    assert change_request.state == "failed", deployment.reason
    assert api.workload().replicas == 0
    assert api.service()["metadata"]["annotations"]["serving.kserve.io/stop"] == "true"
    api.lift()
    again = bundle.request(bundle.version(), good := bundle.model())
    deployment = run(again)
    assert again.state == "deployed", deployment.reason
    assert api.serves() == {good.uri}


class KilledError(BaseException):
    """The end of a worker."""


def test_a_worker_killed_between_the_two_applies_is_followed_by_one_that_ends_it_once(
    bundle, api, monkeypatch
):
    from deployments.executors.models import ModelPlacement  # noqa: PLC0415 -- the seam of this test

    put_there(bundle)
    image, model = bundle.version(), bundle.model()
    change_request = bundle.request(image, model)
    make = ModelPlacement.make

    def killed(self, *args, dry_run=False):
        if not dry_run:
            raise KilledError
        make(self, *args, dry_run=True)

    with monkeypatch.context() as patched:
        patched.setattr(ModelPlacement, "make", killed)
        patched.setattr("deployments.carry_out.let_go", lambda work: None)
        with pytest.raises(KilledError):
            run(change_request)
    assert api.workload().images["app"].endswith(image.digest), "the first apply was made"
    deployment = change_request.deployments.first()
    abandon(deployment)
    deployment = run(change_request, "celery@two")
    assert (change_request.state, deployment.state) == ("deployed", "succeeded")
    assert api.digests() == {image.digest}
    assert api.serves() == {model.uri}
    types = list(Event.objects.values_list("type", flat=True))
    assert types.count("deployments.taken_over") == 1
    assert types.count("deployments.applied") == 4
    assert types.count("releases.deployed") == 2


def test_a_cluster_that_goes_away_between_the_two_applies_is_waited_for(bundle, api, monkeypatch):
    put_there(bundle)
    image, model = bundle.version(), bundle.model()
    change_request = bundle.request(image, model)
    from deployments.executors.models import ModelPlacement  # noqa: PLC0415 -- the seam of this test

    make = ModelPlacement.make

    def made_while_away(self, *args, dry_run=False):
        if not dry_run:
            api.fault("error", status=503, method="PATCH", requests=1)
        make(self, *args, dry_run=dry_run)

    with monkeypatch.context() as patched:
        patched.setattr(ModelPlacement, "make", made_while_away)
        deployment = run(change_request)
    assert api.workload().images["app"].endswith(image.digest), "the first apply was made"
    assert deployment.state == "running"
    assert deployment.try_again_at is not None
    deployment.try_again_at = None
    deployment.save()
    abandon(deployment)
    deployment = run(change_request, "celery@two")
    assert (change_request.state, deployment.state) == ("deployed", "succeeded")
    assert api.digests() == {image.digest}
    assert api.serves() == {model.uri}
    assert Event.objects.filter(type="releases.deployed").count() == 2


def test_the_page_says_where_the_image_and_where_the_model_would_run(bundle, client):
    change_request = bundle.asked(bundle.version(), bundle.model())
    client.force_login(bundle.oskar)
    page = client.get(
        reverse("portal:change-request", args=[change_request.number])
    ).content.decode()
    assert "Deployment api, container app" in page
    assert "InferenceService fraud" in page
    assert "payments-api runs in api/app; fraud-model runs in fraud" in page
