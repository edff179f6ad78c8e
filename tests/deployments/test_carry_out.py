"""A change arrives on the cluster, verified pod by pod."""

import pytest

from audit.models import Event
from deployments.models import Deployment
from tests.deployments.ground import abandon, run, steps_of

WHOLE = [("plan", "done"), ("apply", "done"), ("roll_out", "done"), ("verify", "done")]


def test_an_approved_release_runs_on_the_cluster_by_its_digest(payments, api):
    version = payments.version()
    change_request = payments.request(version)
    deployment = run(change_request)
    assert change_request.state == "deployed", deployment.reason
    assert deployment.state == "succeeded"
    assert steps_of(deployment) == WHOLE
    assert api.digests() == {version.digest}


def test_each_step_leaves_its_event_in_order(payments):
    change_request = payments.request()
    run(change_request)
    stream = Event.objects.filter(stream=change_request.audit_stream).order_by("stream_seq")
    told = [event.type for event in stream if event.type.startswith(("deployments.", "releases.d"))]
    assert told == [
        "releases.deploying",
        "deployments.started",
        "deployments.applied",
        "deployments.rolled_out",
        "deployments.verified",
        "deployments.succeeded",
        "releases.deployed",
    ]


def test_the_workload_says_by_which_change_request_it_runs(payments, api):
    change_request = payments.request()
    run(change_request)
    annotations = api.workload().annotations
    assert annotations["gatehouse.dev/change-request"] == change_request.label
    assert annotations["gatehouse.dev/release"] == change_request.release.version
    assert annotations["gatehouse.dev/digest"] == change_request.release.content_digest


def test_a_workload_that_is_not_there_is_created_with_the_bindings_replicas(ground, api):
    ground.on_cluster(api.url)
    ground.bind(replicas=3)
    first = ground.request()
    run(first)
    assert first.state == "deployed"
    assert api.workload().replicas == 3
    second = ground.request()
    run(second)
    assert second.state == "deployed"
    assert api.workload().replicas == 3


def test_two_images_go_to_two_workloads(payments, api):
    payments.bind("payments-web", "web")
    web, backend = payments.version("payments-web"), payments.version("payments-api")
    change_request = payments.request(web, backend)
    deployment = run(change_request)
    assert change_request.state == "deployed", deployment.reason
    assert api.digests("web") == {web.digest}
    assert api.digests("api") == {backend.digest}
    assert [s.workload for s in deployment.steps.filter(verb="apply")] == ["api", "web"]


def test_what_the_release_does_not_contain_runs_on_as_it_is(payments, api):
    payments.bind("payments-web", "web")
    web = payments.version("payments-web")
    run(payments.request(web, payments.version()))
    backend = payments.version()
    run(payments.request(backend))
    assert api.digests("web") == {web.digest}
    assert api.digests("api") == {backend.digest}


def test_only_the_image_of_somebody_elses_workload_is_changed(ground, api):
    api.by_kubectl("api", "registry.example.com/payments-api:old", replicas=2)
    ground.on_cluster(api.url)
    ground.bind(adopt=True)
    version = ground.version()
    change_request = ground.request(version)
    deployment = run(change_request)
    assert change_request.state == "deployed", deployment.reason
    assert api.workload().replicas == 2
    assert api.digests() == {version.digest}


@pytest.mark.parametrize("step", ["plan", "apply", "roll_out", "verify"])
def test_another_worker_goes_on_after_any_step(payments, api, monkeypatch, step):
    from deployments.executors import kubernetes  # noqa: PLC0415 -- the seam of this test

    version = payments.version()
    change_request = payments.request(version)
    module, name = {
        "plan": (kubernetes.applying, "apply"),
        "apply": (kubernetes.rolling_out, "roll_out"),
        "roll_out": (kubernetes.verifying, "verify"),
        "verify": (kubernetes.verifying, "summary"),
    }[step]

    class KilledError(BaseException):
        pass

    def killed(*args):
        raise KilledError

    with monkeypatch.context() as patched:
        patched.setattr(module, name, killed)
        patched.setattr("deployments.carry_out.let_go", lambda work: None)  # it is dead
        with pytest.raises(KilledError):
            run(change_request, "celery@one")
    deployment = Deployment.objects.get()
    assert run(change_request, "celery@two").state == "running"  # its lease still holds
    abandon(deployment)
    deployment = run(change_request, "celery@two")
    assert deployment.state == "succeeded"
    assert steps_of(deployment) == WHOLE
    assert api.digests() == {version.digest}
    types = list(Event.objects.values_list("type", flat=True))
    assert types.count("deployments.taken_over") == 1
    assert types.count("deployments.applied") == 1
    assert types.count("releases.deployed") == 1
