"""The time from the last signature to the first change in the cluster."""

import sys
import time
from collections.abc import Iterator
from datetime import timedelta

from audit.models import Event
from benchmarks.client import Load
from benchmarks.machine import Machine
from benchmarks.report import Row
from benchmarks.setting import Setting
from portal.celery import app
from portal.embedded.ports import free_port
from releases.actions.approve import approve
from releases.actions.seal_release import seal_release
from releases.actions.submit import submit
from releases.models import ChangeRequest
from tests import factories
from tests.deployments.ground import Api, Ground

_APPROVALS = [{"name": "security", "title": "Security", "roles": ["security"], "required": 1}]
_GOAL = 0.5
_WARM_UP = 6
"""Each process of the worker looks some things up when it does something for the first time."""
_SOON = timedelta(seconds=60).total_seconds()


def measure(setting: Setting) -> Iterator[Row]:
    """Sign twenty requests, one after the other, with a worker that has nothing else to do."""
    ground = _ground(setting.machine)
    count = 20 if setting.rounds > 3 else 5  # noqa: PLR2004 -- not a quick run
    for number in range(_WARM_UP):
        _applied_after(ground, number)
    waits = Load(latencies=[_applied_after(ground, _WARM_UP + each) for each in range(count)])
    told = f"p50 {waits.percentile(50) * 1000:.0f} ms, p95 {waits.percentile(95) * 1000:.0f} ms"
    yield Row(
        "last approval → first apply: p95 in seconds", f"{_GOAL:g} s", told,
        waits.percentile(95), at_most=_GOAL,
    )  # fmt: skip


def _ground(machine: Machine) -> Ground:
    port = free_port()
    cluster = [sys.executable, "-m", "portal.sandbox_cluster", "--port", str(port)]
    machine.spawn("cluster", [*cluster, "--start-delay", "0.05"])
    machine.spawn("worker", machine.command("worker", port), **machine.environment())
    ground = Ground.make()
    ground.policy("security-signs", approvals=_APPROVALS)
    api = Api(f"http://127.0.0.1:{port}")
    _until(lambda: _answers(api))
    ground.on_cluster(api.url)
    ground.bind()  # type: ignore[no-untyped-call]  # tests have no types
    _until(lambda: bool(app.control.ping(timeout=0.5)))
    return ground


def _answers(api: Api) -> bool:
    try:
        api.namespace()
    except OSError:
        return False
    except Exception as error:  # httpx has its own family
        if "connect" not in str(error).lower():
            raise
        return False
    return True


def _applied_after(ground: Ground, number: int) -> float:
    """Return the seconds between the two events, by the database's clock."""
    release = seal_release(
        ground.project,
        version=f"bench.{number}",
        artifact_versions=[ground.version().pk],  # type: ignore[no-untyped-call]  # untyped outside
        by=factories.admin(),
    )
    request = submit(release, ground.staging, reason="measured", by=factories.person("priya"))
    request.refresh_from_db()
    assert request.statement is not None, request.blocking
    digest = request.statement.digest
    approve(request.number, statement_digest=digest, by=factories.person("sofia"))
    _until(lambda: ChangeRequest.objects.filter(pk=request.pk, state="deployed").exists())
    times = dict(
        Event.objects.filter(
            stream=request.audit_stream, type__in=["releases.approved", "deployments.applied"]
        ).values_list("type", "recorded_at")
    )
    return (times["deployments.applied"] - times["releases.approved"]).total_seconds()


def _until(there: object) -> None:
    assert callable(there)
    deadline = time.monotonic() + _SOON
    while not there():
        if time.monotonic() > deadline:
            raise TimeoutError("The carry-out did not come to its end.")
        time.sleep(0.05)
