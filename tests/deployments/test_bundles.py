"""One release with an image and a model: both are deployed, or neither."""

from dataclasses import replace

import pytest
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from deployments.actions.remove_binding import remove_binding
from deployments.clients.cluster import ClusterRefused, ClusterUnavailable, RolloutPhase
from deployments.executors import pace
from deployments.models import Deployment, DeploymentState, DeploymentStep, StepState
from deployments.running import LOOK_BACK, runs_in
from releases.models import ChangeRequest
from tests import factories
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


# ── when putting back fails too ─────────────────────────────────────────────────────────────────


def cannot_be_put_back(ground, api, **fault):
    """A bundle whose model fails, and whose image is refused on its way back."""
    from deployments.executors.images import ImagePlacement  # noqa: PLC0415 -- the seam of this test

    bad = ground.model()
    api.fault("model_load", address=bad.uri)
    change_request = ground.request(ground.version(), bad)
    restore = ImagePlacement.restore

    def refused(*args):
        api.fault("error", method="PATCH", path="/deployments/api", requests=1, **fault)
        return restore(*args)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ImagePlacement, "restore", refused)
        return change_request, run(change_request)


def test_what_cannot_be_put_back_is_said_and_the_rest_is_put_back(bundle, api):
    image, model = put_there(bundle)
    change_request, deployment = cannot_be_put_back(bundle, api, status=403)
    assert (change_request.state, deployment.state) == ("failed", "failed")
    assert "api could not be put back: The cluster does not allow" in deployment.reason
    assert "What ran before was put back." not in deployment.reason
    assert api.serves() == {model.uri}
    assert api.digests() != {image.digest}


def test_then_no_page_and_no_answer_says_that_what_runs_is_as_approved(bundle, api, client):
    put_there(bundle)
    change_request, _ = cannot_be_put_back(bundle, api, status=403)
    now = runs_in(bundle.staging.pk)
    assert not now.verified
    assert not any(each.verified for each in now.runs)
    [doubt] = now.doubts
    assert doubt.number == change_request.number
    assert doubt.artifacts == ("fraud-model", "payments-api")
    client.force_login(bundle.oskar)
    sentence = f"{change_request.label} did not arrive, and nobody knows whether"
    page = reverse("deployments:environment", args=["payments", "staging"])
    shown = client.get(page).content.decode()
    assert sentence in shown
    assert "compared by digest when it was carried out" not in shown
    assert sentence in client.get(reverse("portal:project", args=["payments"])).content.decode()
    told = client.get("/api/v1/projects/payments/environments/staging/").json()
    assert told["runs"] == []
    assert len(told["should_run"]) == 2
    assert told["doubts"][0].startswith(sentence)


def test_then_the_next_step_is_to_deploy_again_what_arrived_last(bundle, api, client):
    put_there(bundle)
    release = ChangeRequest.objects.get().release
    cannot_be_put_back(bundle, api, status=403)
    client.force_login(factories.admin())
    offer = f"Deploy {release.version} again"
    environment = reverse("deployments:environment", args=["payments", "staging"])
    pages = environment, reverse("portal:project", args=["payments"])
    for page in pages:
        shown = client.get(page).content.decode()
        assert "Not certain" in shown
        assert offer in shown
        assert "Promote" not in shown
    again = bundle.asked(release=release)
    for page in pages:
        assert offer not in client.get(page).content.decode()
    run(again)
    shown = client.get(environment).content.decode()
    assert "Not certain" not in shown
    assert offer not in shown


def test_who_decides_on_a_later_request_is_told_that_nobody_knows_what_runs(bundle, api, client):
    put_there(bundle)
    failed, _ = cannot_be_put_back(bundle, api, status=403)
    later = bundle.asked(bundle.version())
    client.force_login(bundle.oskar)

    def told(request):
        address = reverse("portal:change-request", args=[request.number])
        return "What runs there now is not certain" in client.get(address).content.decode()

    assert told(later)
    assert not told(failed), "its own end is told in its own words"
    run(later)
    assert not told(later)


def test_the_next_change_that_arrives_makes_it_certain_for_what_it_carries(bundle, api):
    put_there(bundle)
    cannot_be_put_back(bundle, api, status=403)
    run(bundle.request(bundle.version()))
    now = runs_in(bundle.staging.pk)
    assert [doubt.artifacts for doubt in now.doubts] == [("fraud-model",)]
    assert {each.artifact: each.verified for each in now.runs} == {
        "payments-api": True,
        "fraud-model": False,
    }
    run(bundle.request(bundle.model()))
    assert runs_in(bundle.staging.pk).doubts == ()


def unbind_model(ground):
    binding = ground.staging.target.bindings.get(workload_kind="InferenceService")
    remove_binding(ground.staging, binding.pk, by=ground.oskar)


def test_a_change_that_leaves_the_model_alone_does_not_make_it_certain(bundle, api):
    put_there(bundle)
    change_request, _ = cannot_be_put_back(bundle, api, status=403)
    unbind_model(bundle)
    assert run(bundle.request(bundle.version(), bundle.model())).state == "succeeded"
    now = runs_in(bundle.staging.pk)
    assert [(each.number, each.artifacts) for each in now.doubts] == [
        (change_request.number, ("fraud-model",))
    ]


def test_a_model_that_was_left_alone_is_not_in_doubt(bundle, api):
    put_there(bundle)
    _, deployment = cannot_be_put_back(bundle, api, status=403)
    assert deployment.steps.filter(workload="fraud", verb="verify").delete()[0] == 1  # not planned
    assert [each.artifacts for each in runs_in(bundle.staging.pk).doubts] == [("payments-api",)]


@pytest.mark.parametrize("executor", ["manual", "webhook"])
def test_a_word_that_it_was_carried_out_is_given_for_everything_in_the_release(
    bundle, api, executor
):
    put_there(bundle)
    cannot_be_put_back(bundle, api, status=403)
    change_request = bundle.request(bundle.version(), bundle.model())
    said = Deployment.objects.create(
        change_request=change_request,
        environment=bundle.staging,
        state=DeploymentState.SUCCEEDED,
        give_up_at=timezone.now(),
        lease_until=timezone.now(),
        finished_at=timezone.now(),
    )
    steps = {"manual": ["attest"], "webhook": ["call", "attest"]}[executor]
    for position, verb in enumerate(steps, start=1):
        said.steps.create(position=position, verb=verb, title=verb, state=StepState.DONE)
    now = runs_in(bundle.staging.pk)
    assert now.doubts == ()
    assert not now.verified


def test_what_nobody_could_even_begin_to_put_back_is_in_doubt(bundle, api):
    put_there(bundle)
    cannot_be_put_back(bundle, api, status=403)
    DeploymentStep.objects.filter(verb="put_back").update(state=StepState.SKIPPED)
    assert runs_in(bundle.staging.pk).doubts


def test_later_failures_that_touched_nothing_do_not_hide_a_doubt(bundle, api):
    put_there(bundle)
    change_request, _ = cannot_be_put_back(bundle, api, status=403)
    for _ in range(LOOK_BACK + 1):
        later = Deployment.objects.get(change_request=change_request)
        later.pk, later.change_request = None, bundle.request(bundle.version())
        later.state = DeploymentState.FAILED
        later.save(force_insert=True)
    assert [doubt.number for doubt in runs_in(bundle.staging.pk).doubts] == [change_request.number]


def test_a_failure_that_was_put_back_leaves_no_doubt(bundle, api):
    put_there(bundle)
    bad = bundle.model()
    api.fault("model_load", address=bad.uri)
    run(bundle.request(bundle.version(), bad))
    now = runs_in(bundle.staging.pk)
    assert now.doubts == ()
    assert all(each.verified for each in now.runs)


def test_what_comes_back_and_does_not_start_is_not_called_put_back(bundle, api):
    put_there(bundle)
    bad = bundle.version()
    api.fault("crash_loop", digest=bad.digest)
    change_request = bundle.request(bad)
    from deployments.executors.images import ImagePlacement  # noqa: PLC0415 -- the seam of this test

    settle = ImagePlacement._settle

    def worn_out(self, work, cluster, step):
        return settle(self, work, Failing(cluster), step)

    class Failing:
        def __init__(self, cluster):
            self.cluster = cluster

        def rollout(self, workload):
            status = self.cluster.rollout(workload)
            return replace(status, phase=RolloutPhase.FAILED, reason="The disk is full.")

        def wait(self, workload, *, since, seconds):
            return self.rollout(workload)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ImagePlacement, "_settle", worn_out)
        patched.setattr(pace, "GRACE_BACK", 0)
        deployment = run(change_request)
    assert "api could not be put back: The disk is full." in deployment.reason
    assert runs_in(bundle.staging.pk).doubts


# ── when the cluster says nothing any more in the middle ─────────────────────────────────────────


def tried_until_the_end(change_request):
    """Carry on as the sweep does until it has ended."""
    for _ in range(20):
        deployment = run(change_request)
        if deployment.is_finished:
            return deployment
    raise AssertionError(deployment)


def test_half_a_bundle_is_put_back_when_the_other_half_gets_no_answer(bundle, api, settings):
    settings.CARRY_OUT_TRIES = 2
    image, model = put_there(bundle)
    change_request = bundle.request(bundle.version(), bundle.model())
    plan = api.fault  # the webhook of KServe goes away after the plan
    from deployments.executors import applying  # noqa: PLC0415 -- the seam of this test

    apply = applying.apply

    def away(*args):
        plan("error", status=500, method="PATCH", path="/inferenceservices/", requests=2)
        return apply(*args)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(applying, "apply", away)
        run(change_request)
    deployment = tried_until_the_end(change_request)
    assert (change_request.state, deployment.state) == ("failed", "failed")
    assert "did not answer 2 times in a row" in deployment.reason
    assert "What ran before was put back." in deployment.reason
    assert api.digests() == {image.digest}
    assert api.serves() == {model.uri}
    assert runs_in(bundle.staging.pk).doubts == ()


def test_an_apply_whose_answer_was_lost_is_put_back_too(bundle, api, monkeypatch):
    from deployments.executors.models import ModelPlacement  # noqa: PLC0415 -- the seam of this test

    image, model = put_there(bundle)
    change_request = bundle.request(bundle.version(), bundle.model())
    make, calls = ModelPlacement.make, []

    def lost_then_refused(self, *args, dry_run=False):
        if dry_run:
            return make(self, *args, dry_run=True)
        calls.append(1)
        if len(calls) == 1:
            make(self, *args)
            raise ClusterUnavailable("The answer was lost.")
        raise ClusterRefused("You may not do this any more.")

    with monkeypatch.context() as patched:
        patched.setattr(ModelPlacement, "make", lost_then_refused)
        run(change_request)
        deployment = run(change_request)
    assert deployment.state == "failed"
    assert "You may not do this any more. What ran before was put back." in deployment.reason
    assert api.digests() == {image.digest}
    assert api.service()["spec"]["predictor"]["model"]["storageUri"] == model.uri
    assert api.serves() == {model.uri}


def test_an_apply_that_was_refused_at_once_needs_no_putting_back(bundle, api, monkeypatch):
    from deployments.executors.models import ModelPlacement  # noqa: PLC0415 -- the seam of this test

    put_there(bundle)
    change_request = bundle.request(bundle.version(), bundle.model())
    make = ModelPlacement.make

    def refused(self, *args, dry_run=False):
        if not dry_run:
            raise ClusterRefused("You may not do this.")
        make(self, *args, dry_run=True)

    with monkeypatch.context() as patched:
        patched.setattr(ModelPlacement, "make", refused)
        deployment = run(change_request)
    back = deployment.steps.filter(verb="put_back").values_list("workload", flat=True)
    assert list(back) == ["api"]
    assert deployment.steps.get(verb="apply", workload="fraud").sentence == "You may not do this."


# ── the way back ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("mode", ["Standard", "Knative"])
def test_a_bundle_is_rolled_back_as_one_and_its_model_takes_over_at_once(ground, api, mode):
    ground.on_cluster(api.url)
    ground.bind()
    ground.bind_model(serving_mode=mode, canary_percents=[10, 50])
    image, model = put_there(ground)
    first = ChangeRequest.objects.get().release
    put_there(ground)
    back = ground.asked(release=first, kind="rollback")
    deployment = run(back)
    assert back.state == "deployed", deployment.reason
    assert api.digests() == {image.digest}
    assert api.serves() == {model.uri}
    verbs = list(deployment.steps.values_list("verb", flat=True))
    assert "shift" not in verbs
    assert "promote" in verbs


def test_the_page_says_where_the_image_and_where_the_model_would_run(bundle, client):
    change_request = bundle.asked(bundle.version(), bundle.model())
    client.force_login(bundle.oskar)
    page = client.get(
        reverse("portal:change-request", args=[change_request.number])
    ).content.decode()
    assert "Deployment api, container app" in page
    assert "InferenceService fraud" in page
    assert "payments-api runs in api/app; fraud-model runs in fraud" in page
