"""One deployment at a time per environment; the others wait and are never lost."""

import threading
from contextlib import nullcontext

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import IntegrityError, OperationalError, connection
from django.utils import timezone

from audit.models import Event
from catalog.errors import DomainError
from deployments.actions.claim import claim
from deployments.actions.finish import finish
from deployments.actions.let_go import let_go
from deployments.carry_out import carry_out
from deployments.executors.work import LeaseLost
from deployments.models import Deployment, StepVerb
from deployments.queue import forgotten
from deployments.tasks import sweep
from releases.actions.withdraw import withdraw
from releases.models import ChangeRequest
from releases.queue import CARRY_OUT
from tests import factories
from tests.deployments.ground import Api, abandon, run


@pytest.fixture
def nudged(monkeypatch):
    """The change requests that workers were told of."""
    told = []

    def send(task, key, expires):
        if task == CARRY_OUT:
            told.append(key)

    monkeypatch.setattr("catalog.nudges._send", send)
    return told


@pytest.fixture
def by_hand(ground):
    """Staging by hand: a deployment holds the environment for as long as the test likes."""
    ground.reached_by("manual")
    return ground


def together(*calls):
    """Run the calls at the same moment, each in a thread with its own connection."""
    barrier = threading.Barrier(len(calls))
    errors = []

    def at_once(call):
        try:
            barrier.wait()
            call()
        except Exception as error:  # noqa: BLE001 -- reported below
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=at_once, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []


def test_a_second_request_waits_in_the_queue_while_the_first_is_carried_out(by_hand):
    first, second = by_hand.request(), by_hand.request()
    run(first)
    assert run(second) is None
    assert (first.state, second.state) == ("deploying", "queued")


def test_other_environments_do_not_wait(by_hand):
    by_hand.reached_by("manual", by_hand.production)
    here, there = by_hand.request(), by_hand.request(environment=by_hand.production)
    run(here)
    run(there)
    assert (here.state, there.state) == ("deploying", "deploying")


def test_whoever_asked_first_goes_first(by_hand, nudged, django_capture_on_commit_callbacks):
    first, second = by_hand.request(), by_hand.request()
    with django_capture_on_commit_callbacks(execute=True):
        assert run(second) is None
    assert nudged == [first.number]


def test_the_end_of_one_wakes_the_next(ground, api, nudged, django_capture_on_commit_callbacks):
    ground.on_cluster(api.url)
    ground.bind()
    first, second = ground.request(), ground.request()
    with django_capture_on_commit_callbacks(execute=True):
        run(first)
    assert first.state == "deployed"
    assert nudged == [second.number]


def test_a_failure_wakes_the_next_too(ground, nudged, django_capture_on_commit_callbacks):
    first, second = ground.request(), ground.request()
    with django_capture_on_commit_callbacks(execute=True):
        run(first)
    assert first.state == "failed"
    assert nudged == [second.number]


def test_a_lost_nudge_is_found_by_the_sweep(by_hand, nudged, django_capture_on_commit_callbacks):
    change_request = by_hand.request()
    assert nudged == []
    with django_capture_on_commit_callbacks(execute=True):
        sweep()
    assert nudged == [change_request.number]


def test_the_sweep_leaves_alone_what_must_wait(by_hand):
    first, _ = by_hand.request(), by_hand.request()
    run(first)
    assert list(forgotten()) == []


def test_what_was_withdrawn_in_the_queue_is_not_begun(by_hand):
    change_request = by_hand.request()
    withdraw(change_request.number, comment="not today", by=factories.person("priya"))
    assert run(change_request) is None
    assert change_request.state == "withdrawn"


def test_what_no_longer_stands_goes_back_instead_of_being_begun(by_hand):
    change_request = by_hand.request()
    somebody = {"name": "security", "roles": ["security"], "required": 1}
    by_hand.policy("somebody-signs", approvals=[somebody])
    assert run(change_request) is None
    assert change_request.state == "awaiting_approval"


def test_a_number_that_does_not_exist_is_no_error(db):
    carry_out(4711, worker="celery@one")


def test_what_has_ended_is_not_begun_again(ground):
    change_request = ground.request()
    run(change_request)
    run(change_request)
    assert Deployment.objects.count() == 1


def test_a_worker_that_lost_its_lease_writes_nothing_more(payments):
    change_request = payments.request()
    asleep = claim(change_request.number, worker="celery@asleep")
    abandon(asleep.deployment)
    awake = claim(change_request.number, worker="celery@awake")
    step = asleep.step(StepVerb.PLAN)
    for write in (
        lambda: asleep.begin(step),
        lambda: asleep.say(step, "still here"),
        lambda: asleep.done(step, "done"),
        asleep.confirm,
        asleep.everything_is_rolled_out,
        lambda: finish(asleep, what="nothing"),
    ):
        with pytest.raises(LeaseLost):
            write()
    awake.confirm()
    change_request.refresh_from_db()
    assert change_request.state == "deploying"
    assert set(Deployment.objects.get().steps.values_list("state", flat=True)) == {"pending"}


def test_a_worker_that_lost_its_lease_does_not_touch_the_cluster(payments, api, monkeypatch):
    from deployments.executors import applying, kubernetes  # noqa: PLC0415 -- the seam

    change_request = payments.request()
    real = applying.apply

    def asleep_first(work, cluster, placements):
        abandon(work.deployment)
        claim(change_request.number, worker="celery@awake")
        real(work, cluster, placements)

    monkeypatch.setattr(kubernetes.applying, "apply", asleep_first)
    carry_out(change_request.number, worker="celery@asleep")
    assert not api.workload().exists
    assert Deployment.objects.get().worker == "celery@awake"


def test_a_live_lease_is_not_taken(payments):
    change_request = payments.request()
    assert claim(change_request.number, worker="celery@one")
    assert claim(change_request.number, worker="celery@two") is None


def test_the_heartbeat_renews_the_lease(payments, monkeypatch):
    work = claim(payments.request().number, worker="celery@one")
    before = Deployment.objects.get().lease_until
    work.keep()
    assert Deployment.objects.get().lease_until == before
    work._kept -= 10
    work.keep()
    assert Deployment.objects.get().lease_until > before


def test_a_worker_that_must_stop_gives_its_work_back_at_once(
    payments, nudged, django_capture_on_commit_callbacks
):
    change_request = payments.request()
    work = claim(change_request.number, worker="celery@one")
    with django_capture_on_commit_callbacks(execute=True):
        let_go(work)
    assert nudged == [change_request.number]
    assert claim(change_request.number, worker="celery@two")
    assert not Event.objects.filter(type="deployments.taken_over").exists()
    let_go(work)  # late, and no longer its own
    assert Deployment.objects.get().worker == "celery@two"


@pytest.mark.parametrize("signal", [SoftTimeLimitExceeded, SystemExit, KeyboardInterrupt])
def test_a_task_that_is_interrupted_hands_its_work_on(
    payments, api, nudged, monkeypatch, django_capture_on_commit_callbacks, signal
):
    from deployments.executors import kubernetes  # noqa: PLC0415 -- the seam of this test

    def interrupted(*args):
        raise signal

    change_request = payments.request()
    with monkeypatch.context() as patched:
        patched.setattr(kubernetes.rolling_out, "roll_out", interrupted)
        with (
            django_capture_on_commit_callbacks(execute=True),
            nullcontext() if signal is SoftTimeLimitExceeded else pytest.raises(signal),
        ):
            run(change_request)
    assert nudged == [change_request.number]
    deployment = run(change_request, "celery@two")
    assert (deployment.state, deployment.tries) == ("succeeded", 0)


def test_a_worker_whose_database_is_away_leaves_the_lease_to_run_out(payments, api, monkeypatch):
    from deployments.executors import kubernetes  # noqa: PLC0415 -- the seam of this test

    def away(*args):
        raise OperationalError

    change_request = payments.request()
    with monkeypatch.context() as patched:
        patched.setattr(kubernetes.rolling_out, "roll_out", away)
        with pytest.raises(OperationalError):
            run(change_request)
    deployment = Deployment.objects.get()
    assert (deployment.worker, deployment.tries) == ("celery@one", 0)
    abandon(deployment)
    assert run(change_request, "celery@two").state == "succeeded"


def test_two_workers_take_the_same_request_and_one_carries_it_out(shared_ground, sandbox_cluster):
    api = Api(sandbox_cluster.url)
    api.namespace()
    shared_ground.on_cluster(api.url)
    shared_ground.bind()
    version = shared_ground.version()
    change_request = shared_ground.request(version)
    together(
        *(
            lambda name=name: carry_out(change_request.number, worker=name)
            for name in ("celery@one", "celery@two", "celery@three", "celery@four")
        )
    )
    change_request.refresh_from_db()
    assert change_request.state == "deployed"
    assert Deployment.objects.count() == 1
    types = list(Event.objects.values_list("type", flat=True))
    assert types.count("deployments.started") == 1
    assert types.count("deployments.applied") == 1
    assert types.count("releases.deployed") == 1
    assert api.digests() == {version.digest}


def test_two_workers_take_over_from_a_dead_one_and_one_goes_on(shared_ground):
    shared_ground.reached_by("webhook", **_webhook())
    change_request = shared_ground.request()
    work = claim(change_request.number, worker="celery@dead")
    abandon(work.deployment)
    taken = []
    together(
        *(
            lambda name=name: taken.append(claim(change_request.number, worker=name))
            for name in ("celery@one", "celery@two", "celery@three")
        )
    )
    assert len([work for work in taken if work]) == 1
    assert Event.objects.filter(type="deployments.taken_over").count() == 1


def test_requests_taken_at_once_for_one_environment_run_one_after_the_other(shared_ground):
    shared_ground.reached_by("manual")
    numbers = [shared_ground.request().number for _ in range(3)]
    together(*(lambda n=n: carry_out(n, worker=f"celery@{n}") for n in numbers))
    states = list(ChangeRequest.objects.filter(pk__in=numbers).values_list("state", flat=True))
    assert sorted(states) == ["deploying", "queued", "queued"]
    assert ChangeRequest.objects.get(state="deploying").number == min(numbers)


def test_carrying_out_races_with_withdrawing_and_one_of_them_wins(shared_ground):
    shared_ground.reached_by("manual")
    change_request = shared_ground.request()
    refused = []

    def take_back():
        try:
            withdraw(change_request.number, comment="no", by=factories.person("priya"))
        except DomainError as error:
            refused.append(error)

    together(take_back, lambda: carry_out(change_request.number, worker="celery@one"))
    change_request.refresh_from_db()
    begun = Deployment.objects.exists()
    assert change_request.state == ("deploying" if begun else "withdrawn")
    assert bool(refused) == begun


def _webhook():
    return {"webhook_url": "http://127.0.0.1:9/", "webhook_secret": "payments"}


def test_the_database_refuses_a_deployment_that_ends_without_an_event(shared_ground):
    shared_ground.reached_by("manual")
    change_request = shared_ground.request()
    run(change_request)
    with pytest.raises(IntegrityError, match="left no audit event"):
        Deployment.objects.update(state="succeeded", finished_at=timezone.now())
