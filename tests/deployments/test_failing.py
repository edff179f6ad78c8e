"""A definite no: the cluster's own reason on the page, and what ran before runs on."""

import pytest

from audit.models import Event
from tests.deployments.ground import abandon, run, steps_of


def running_before(ground):
    version = ground.version()
    change_request = ground.request(version)
    run(change_request)
    assert change_request.state == "deployed"
    return version


def test_an_image_that_cannot_be_pulled_fails_with_the_clusters_own_reason(payments, api):
    before = running_before(payments)
    bad = payments.version()
    api.fault("image_pull", digest=bad.digest, message="manifest unknown")
    change_request = payments.request(bad)
    deployment = run(change_request)
    assert (change_request.state, deployment.state) == ("failed", "failed")
    assert "ImagePull" in deployment.reason
    assert "manifest unknown" in deployment.reason
    assert "What ran before was put back." in deployment.reason
    assert api.digests() == {before.digest}


def test_after_a_failure_the_old_pods_never_stopped(payments, api):
    running_before(payments)
    old = {each.pod for each in api.running().containers}
    bad = payments.version()
    api.fault("crash_loop", digest=bad.digest, exit_code=3)
    change_request = payments.request(bad)
    run(change_request)
    assert change_request.state == "failed"
    assert {each.pod for each in api.running().containers if not each.terminating} == old


def test_the_steps_show_what_failed_and_what_was_put_back(payments, api):
    running_before(payments)
    bad = payments.version()
    api.fault("crash_loop", digest=bad.digest, exit_code=3)
    deployment = run(payments.request(bad))
    assert steps_of(deployment) == [
        ("plan", "done"),
        ("apply", "done"),
        ("roll_out", "failed"),
        ("verify", "skipped"),
        ("put_back", "done"),
    ]
    assert "exit code 3" in deployment.steps.get(verb="roll_out").sentence


def test_a_pod_that_runs_another_digest_than_the_approved_one_fails(payments, api):
    before = running_before(payments)
    version = payments.version()
    api.fault("wrong_digest", digest=version.digest)
    change_request = payments.request(version)
    deployment = run(change_request)
    assert change_request.state == "failed"
    assert f"{version.digest} was approved" in deployment.reason
    assert dict(steps_of(deployment))["verify"] == "failed"
    assert api.digests() == {before.digest}


def test_an_image_that_never_becomes_ready_fails_when_the_targets_time_is_over(ground, api):
    ground.on_cluster(api.url, timeout_seconds=10)
    ground.bind()
    before = running_before(ground)
    slow = ground.version()
    api.fault("never_ready", digest=slow.digest)
    change_request = ground.request(slow)
    deployment = run(change_request)
    assert change_request.state == "failed"
    assert "not rolled out within 10 seconds" in deployment.reason
    assert before.digest in api.digests()


def test_a_workload_created_for_a_failed_deployment_is_left_without_pods_until_the_next(
    payments, api
):
    bad = payments.version()
    api.fault("crash_loop", digest=bad.digest)
    change_request = payments.request(bad)
    deployment = run(change_request)
    assert change_request.state == "failed"
    assert "no pods, as before" in deployment.steps.get(verb="put_back").sentence
    assert api.workload().replicas == 0
    good = payments.version()
    after = payments.request(good)
    run(after)
    assert after.state == "deployed"
    assert api.digests() == {good.digest}


def test_an_image_by_tag_that_ran_before_us_is_put_back_by_its_tag(ground, api):
    api.by_kubectl("api", "registry.example.com/payments-api:old")
    ground.on_cluster(api.url)
    ground.bind(adopt=True)
    bad = ground.version()
    api.fault("crash_loop", digest=bad.digest)
    change_request = ground.request(bad)
    deployment = run(change_request)
    assert change_request.state == "failed"
    assert api.workload().images["app"] == "registry.example.com/payments-api:old"
    assert "payments-api:old" in deployment.steps.get(verb="put_back").sentence


def test_a_field_of_another_manager_is_not_taken_without_leave(ground, api):
    api.by_kubectl("api", "registry.example.com/payments-api:old", manager="helm")
    ground.on_cluster(api.url)
    ground.bind()
    change_request = ground.request()
    deployment = run(change_request)
    assert change_request.state == "failed"
    assert "helm" in deployment.reason
    assert steps_of(deployment)[0] == ("plan", "failed")
    assert api.workload().images["app"] == "registry.example.com/payments-api:old"


def test_if_one_of_two_is_refused_neither_is_applied(payments, api):
    api.by_kubectl("web", "registry.example.com/payments-web:old", manager="helm")
    payments.bind("payments-web", "web")
    change_request = payments.request(payments.version(), payments.version("payments-web"))
    run(change_request)
    assert change_request.state == "failed"
    assert not api.workload("api").exists
    assert not Event.objects.filter(type="deployments.applied").exists()


def test_if_one_of_two_cannot_start_both_are_put_back(payments, api):
    payments.bind("payments-web", "web")
    web, backend = payments.version("payments-web"), payments.version()
    run(payments.request(web, backend))
    bad = payments.version("payments-web")
    api.fault("crash_loop", digest=bad.digest)
    change_request = payments.request(bad, payments.version())
    run(change_request)
    assert change_request.state == "failed"
    assert api.digests("web") == {web.digest}
    assert api.digests("api") == {backend.digest}


def test_an_image_without_a_binding_fails_and_says_which(payments, api):
    change_request = payments.request(payments.version(), payments.version("payments-web"))
    deployment = run(change_request)
    assert change_request.state == "failed"
    assert "bound to payments-web" in deployment.reason
    assert "Nothing was changed." not in deployment.reason
    assert not api.workload().exists


def test_an_image_without_an_address_fails_and_says_so(payments):
    change_request = payments.request(payments.version(uri=""))
    deployment = run(change_request)
    assert change_request.state == "failed"
    assert "without the address" in deployment.reason


def test_a_container_that_the_workload_does_not_have_is_named(ground, api):
    api.by_kubectl("api", "registry.example.com/payments-api:old")
    ground.on_cluster(api.url)
    ground.bind(container="sidecar", adopt=True)
    change_request = ground.request()
    deployment = run(change_request)
    assert change_request.state == "failed"
    assert "has no container sidecar; it has app" in deployment.reason


def test_an_environment_without_a_target_fails_with_what_to_do(ground):
    change_request = ground.request()
    deployment = run(change_request)
    assert change_request.state == "failed"
    assert "Set how it is reached" in deployment.reason


def test_a_namespace_that_is_not_there_is_the_clusters_word(ground, api):
    ground.on_cluster(api.url, namespace="nowhere")
    ground.bind()
    change_request = ground.request()
    deployment = run(change_request)
    assert change_request.state == "failed"
    assert "nowhere" in deployment.reason


def test_a_worker_killed_while_putting_back_is_followed_by_one_that_goes_on(
    payments, api, monkeypatch
):
    from deployments.executors.images import ImagePlacement  # noqa: PLC0415 -- the seam of this test

    before = running_before(payments)
    bad = payments.version()
    api.fault("crash_loop", digest=bad.digest)
    change_request = payments.request(bad)

    class KilledError(BaseException):
        pass

    def killed(*args):
        raise KilledError

    with monkeypatch.context() as patched:
        patched.setattr(ImagePlacement, "_settle", killed)
        patched.setattr("deployments.carry_out.let_go", lambda work: None)
        with pytest.raises(KilledError):
            run(change_request)
    deployment = change_request.deployments.get()
    assert deployment.state == "running"
    assert "crash" in deployment.reason.lower()
    abandon(deployment)
    deployment = run(change_request, "celery@two")
    assert (change_request.state, deployment.state) == ("failed", "failed")
    assert api.digests() == {before.digest}
    assert Event.objects.filter(type="deployments.put_back").count() == 1
