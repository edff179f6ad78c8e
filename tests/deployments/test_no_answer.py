"""Could not tell: tried again, then errored; never failed."""

import pytest
from django.utils import timezone

from audit.models import Event
from deployments.actions.note_no_answer import pause_after
from deployments.tasks import sweep
from tests.deployments.ground import abandon, run, steps_of


def no_answers() -> int:
    return Event.objects.filter(type="deployments.no_answer").count()


def test_an_unreachable_api_server_is_tried_again_then_errored(payments, sandbox_cluster, settings):
    settings.CARRY_OUT_TRIES = 3
    change_request = payments.request()
    sandbox_cluster.kill()
    for tried in range(1, 3):
        deployment = run(change_request)
        assert (deployment.state, deployment.tries) == ("running", tried)
        assert change_request.state == "deploying"
    deployment = run(change_request)
    assert (change_request.state, deployment.state) == ("errored", "errored")
    assert "did not answer 3 times in a row" in deployment.reason
    assert no_answers() == 3


def test_a_short_outage_is_outlasted(payments, api):
    change_request = payments.request()
    api.fault("error", status=503, requests=1)
    deployment = run(change_request)
    assert (deployment.state, deployment.tries) == ("running", 1)
    deployment = run(change_request)
    assert change_request.state == "deployed"
    assert deployment.tries == 0


def test_an_outage_after_the_apply_loses_nothing(payments, api, monkeypatch):
    version = payments.version()
    change_request = payments.request(version)
    api.fault("close", method="GET", path="/pods")
    deployment = run(change_request)
    assert deployment.state == "running"
    assert ("apply", "done") in steps_of(deployment)
    api.lift()
    run(change_request)
    assert change_request.state == "deployed"
    assert Event.objects.filter(type="deployments.applied").count() == 1


@pytest.mark.slow
def test_a_hung_api_server_is_no_answer_and_the_worker_does_not_hang(payments, api, settings):
    settings.CARRY_OUT_TRIES = 1
    change_request = payments.request()
    api.fault("hang")
    began = timezone.now()
    deployment = run(change_request)
    api.lift()
    assert deployment.state == "errored"
    assert "in time" in deployment.reason
    assert (timezone.now() - began).total_seconds() < 30


def test_the_next_try_waits_until_it_is_due(payments, api, settings):
    settings.CARRY_OUT_RETRY_SECONDS = 60
    change_request = payments.request()
    api.fault("error", status=500, requests=1)
    run(change_request)
    deployment = run(change_request)
    assert (deployment.state, deployment.tries) == ("running", 1)
    assert deployment.try_again_at > timezone.now()


def test_the_pauses_double_up_to_two_minutes(settings):
    settings.CARRY_OUT_RETRY_SECONDS = 5
    seconds = [pause_after(tries).total_seconds() for tries in range(1, 8)]
    assert seconds == [5, 10, 20, 40, 80, 120, 120]


def test_no_answer_while_putting_back_errors_with_both_sentences(payments, api, settings):
    settings.CARRY_OUT_TRIES = 2
    run(payments.request())
    bad = payments.version()
    api.fault("crash_loop", digest=bad.digest, exit_code=3)
    change_request = payments.request(bad)
    deployment = _away_when_putting_back(change_request, api)
    assert (change_request.state, deployment.state) == ("errored", "errored")
    assert "exit code 3" in deployment.reason
    assert "could not be put back" in deployment.reason


def _away_when_putting_back(change_request, api):
    from deployments.executors.images import ImagePlacement  # noqa: PLC0415 -- the seam of this test

    restore = ImagePlacement.restore

    def away(*args):
        api.fault("error", status=503, method="PATCH")
        return restore(*args)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ImagePlacement, "restore", away)
        run(change_request)
        return run(change_request)


def test_an_attempt_whose_time_is_over_is_given_up_at_the_next_silence(payments, api):
    change_request = payments.request()
    api.fault("error", status=503)
    deployment = run(change_request)
    deployment.give_up_at = timezone.now()
    deployment.save(update_fields=["give_up_at"])
    run(change_request)
    assert change_request.state == "errored"


def test_a_stumble_of_our_own_is_no_no_of_the_clusters(payments, monkeypatch):
    change_request = payments.request()

    def stumble(*args, **more):
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr("deployments.executors.images.ImagePlacement.make", stumble)
        with pytest.raises(ZeroDivisionError):
            run(change_request)
    deployment = change_request.deployments.get()
    assert (deployment.state, deployment.tries) == ("running", 1)
    run(change_request)
    change_request.refresh_from_db()
    assert change_request.state == "deployed"


def test_the_sweep_finds_due_tries_and_silent_workers(payments, api, monkeypatch):
    change_request = payments.request()
    api.fault("error", status=503, requests=1)
    deployment = run(change_request)
    nudged = []
    monkeypatch.setattr("deployments.tasks.nudge", nudged.append)
    sweep()
    assert nudged == [change_request.number]
    run(change_request)
    nudged.clear()
    abandon(deployment)
    sweep()
    assert nudged == []  # it has ended
