"""With a real worker: it takes the nudge, and it may be killed anywhere."""

import os
import signal

import pytest
from django.db import connection

from audit.models import Event
from catalog import nudges
from deployments.models import Deployment, DeploymentStep
from deployments.tasks import sweep
from tests.deployments.ground import Api
from tests.support import database
from tests.support.wait import wait_for
from tests.support.worker import empty_queues

pytestmark = pytest.mark.slow


@pytest.fixture
def api(sandbox_cluster):
    api = Api(sandbox_cluster.url)
    api.namespace()
    return api


@pytest.fixture
def payments(shared_ground, api):
    shared_ground.on_cluster(api.url)
    shared_ground.bind()
    return shared_ground


def state_of(change_request) -> str:
    change_request.refresh_from_db()
    return change_request.state


def swept_until(change_request, state: str, seconds: float = 60) -> None:
    """Do what beat does, until the change request is there."""

    def there():
        sweep()
        return state_of(change_request) == state

    wait_for(there, seconds, every=0.5)


def is_applied() -> bool:
    return Event.objects.filter(type="deployments.applied").exists()


def test_a_queued_request_is_carried_out_by_its_nudge(live_worker, payments, api):
    version = payments.version()
    change_request = payments.request(version)
    wait_for(lambda: state_of(change_request) == "deployed")
    assert api.digests() == {version.digest}


def test_a_worker_killed_between_apply_and_verify_is_followed_by_another(
    live_worker, payments, api
):
    api.pause(paused=True)  # the rollout does not get on
    version = payments.version()
    change_request = payments.request(version)
    wait_for(is_applied)
    live_worker.kill()
    api.pause(paused=False)
    live_worker.start()
    swept_until(change_request, "deployed")
    assert api.digests() == {version.digest}
    types = list(Event.objects.values_list("type", flat=True))
    assert types.count("deployments.taken_over") == 1
    assert types.count("deployments.applied") == 1
    assert types.count("deployments.verified") == 1
    assert types.count("releases.deployed") == 1
    assert Deployment.objects.get().state == "succeeded"


@pytest.fixture
def bundled(live_worker, shared_ground, api):
    """An image beside the model that it asks; a new model takes over in two parts."""
    shared_ground.on_cluster(api.url)
    shared_ground.bind()
    shared_ground.bind_model(canary_percents=[10, 50], canary_hold_seconds=2)
    first = shared_ground.request(shared_ground.version(), shared_ground.model())
    swept_until(first, "deployed")
    return shared_ground


def ended_once(change_request) -> list[str]:
    """What was told of it: another worker took over, and each thing was done once."""
    stream = Event.objects.filter(stream=f"change-request/{change_request.number}")
    types = list(stream.values_list("type", flat=True))
    assert types.count("deployments.applied") == types.count("deployments.verified") == 2
    for once in ("taken_over", "promoted", "started", "succeeded"):
        assert types.count(f"deployments.{once}") == 1, once
    assert types.count("releases.deployed") == 1
    return types


def test_a_worker_killed_in_the_middle_of_a_canary_is_followed_by_one_that_promotes(
    live_worker, bundled, api
):
    image, model = bundled.version(), bundled.model()
    change_request = bundled.request(image, model)
    held = DeploymentStep.objects.filter(verb="shift", sentence__startswith="10 % of the requests")
    wait_for(lambda: held.filter(deployment__change_request=change_request.number).exists())
    live_worker.kill()
    live_worker.start()
    swept_until(change_request, "deployed")
    assert ended_once(change_request).count("deployments.shifted") == 2
    assert api.serves() == {model.uri}
    assert api.digests() == {image.digest}
    assert "canary" not in api.service()["spec"]


def test_a_worker_killed_in_the_middle_of_a_bundle_is_followed_by_one_that_ends_both(
    live_worker, bundled, api
):
    image, model = bundled.version(), bundled.model()
    api.pause(paused=True)  # both are applied, and neither gets on
    change_request = bundled.request(image, model)
    told = Event.objects.filter(stream=f"change-request/{change_request.number}")
    wait_for(lambda: told.filter(type="deployments.applied").count() == 2)
    live_worker.kill()
    api.pause(paused=False)
    live_worker.start()
    swept_until(change_request, "deployed")
    ended_once(change_request)
    assert api.serves() == {model.uri}
    assert api.digests() == {image.digest}


def test_a_worker_told_to_stop_hands_its_work_on_without_waiting_for_the_lease(
    live_worker, payments, api
):
    api.pause(paused=True)
    change_request = payments.request()
    wait_for(is_applied)
    worker = live_worker.alive[0]
    os.kill(worker.pid, signal.SIGQUIT)  # what SIGTERM means with REMAP_SIGTERM: soft shutdown
    worker.wait(30)
    deployment = Deployment.objects.get()
    assert deployment.lease_holder == ""
    api.pause(paused=False)
    live_worker.start()
    wait_for(lambda: state_of(change_request) == "deployed")
    assert not Event.objects.filter(type="deployments.taken_over").exists()


def test_a_lost_message_costs_one_sweep(live_worker, payments, monkeypatch):
    send = nudges._send
    monkeypatch.setattr("catalog.nudges._send", lambda *told: None)
    change_request = payments.request()
    assert state_of(change_request) == "queued"
    monkeypatch.setattr("catalog.nudges._send", send)
    swept_until(change_request, "deployed")


def test_a_broker_that_lost_the_message_loses_nothing_else(live_worker, payments):
    live_worker.kill()
    change_request = payments.request()  # its message waits in the broker
    empty_queues()
    live_worker.start()
    assert state_of(change_request) == "queued"
    swept_until(change_request, "deployed")


def test_a_database_that_drops_its_connections_in_the_middle_loses_nothing(
    live_worker, payments, api
):
    api.pause(paused=True)
    version = payments.version()
    change_request = payments.request(version)
    wait_for(is_applied)
    drop_connections()
    api.pause(paused=False)
    swept_until(change_request, "deployed")
    assert api.digests() == {version.digest}
    types = list(Event.objects.values_list("type", flat=True))
    assert types.count("deployments.applied") == 1
    assert types.count("releases.deployed") == 1


def drop_connections() -> None:
    """As a restart of the server does to everybody but this test."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (ours,) = cursor.fetchone()
    with database.server().superuser() as superuser:
        superuser.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = %s AND pid <> %s",
            [database.name(), ours],
        )
