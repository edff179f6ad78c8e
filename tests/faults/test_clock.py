"""Time passes while something waits: what no longer holds is not carried out."""

import threading
import time
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from tests import factories
from tests.journeys.caller import Caller
from tests.releases.scene import junit

pytestmark = pytest.mark.slow

SOON = timedelta(seconds=9)


def stamp(moment):
    return moment.isoformat().replace("+00:00", "Z")


@pytest.fixture
def mona(house, firm, django_db_blocker):
    """A second person of Security, whose membership ends soon."""

    def for_now(until):
        firm.admin.post("people/", {"username": "mona", "full_name": "Mona"})
        member = {"user": "mona", "role": "security", "expires_at": stamp(until)}
        firm.admin.post("projects/payments/members/", member)
        with django_db_blocker.unblock(), house.here():
            firm.callers["mona"] = Caller(house.url, factories.token(factories.person("mona")))
        return firm.mona

    return for_now


def with_evidence_until(firm, version, moment):
    image = firm.build("payments-api", version)
    path = f"artifact-versions/{image['id']}/evidence/"
    firm.ci.upload(path, "junit", junit())
    metrics = {"coverage": 90, "critical": 0}
    kept = {"kind": "metrics", "document": metrics, "valid_until": stamp(moment)}
    firm.ci.post(path, kept)
    sealed = {"version": version, "artifact_versions": [image["id"]]}
    return {**firm.ci.post("projects/payments/releases/", sealed), "images": [image]}


def test_what_ran_out_while_it_waited_in_the_queue_is_not_begun(house, firm, mona):
    house.kill("worker")
    until = datetime.now(UTC) + SOON
    mona(until)
    release = with_evidence_until(firm, "5.0.0", until)
    stale = firm.ask(release, "staging")["number"]
    firm.sign(stale, "tom", "sofia")
    orphaned = firm.ask(firm.release("5.1.0"), "staging")["number"]
    firm.sign(orphaned, "tom", "mona")
    assert [house.rows.state(n) for n in (stale, orphaned)] == ["queued", "queued"]
    assert datetime.now(UTC) < until, "the machine is too slow for this test"
    time.sleep(max(0.0, (until - datetime.now(UTC)).total_seconds()) + 0.1)

    house.start("worker")
    firm.until(lambda: house.sweep() or house.rows.state(stale) == "blocked", every=0.3)
    firm.until(
        lambda: house.sweep() or house.rows.state(orphaned) == "awaiting_approval", every=0.3
    )
    for number in (stale, orphaned):
        told = house.rows.events(number)
        assert told.count("releases.approvals_voided") == 1
        assert "deployments.started" not in told
    blocking = " ".join(firm.ci.get(f"change-requests/{stale}/")["blocking"])
    assert "metrics" in blocking
    waiting = firm.ci.get(f"change-requests/{orphaned}/")
    assert [(rule["name"], rule["missing"]) for rule in waiting["rules"]] == [
        ("engineering", 0),
        ("security", 1),
    ]

    # What is renewed goes on: with new evidence and new signatures, and with somebody else's.
    firm.measure(release["images"][0])
    firm.until(lambda: house.rows.state(stale) == "awaiting_approval")
    firm.sign(stale, "tom", "sofia")
    firm.sign(orphaned, "sofia")
    for number in (stale, orphaned):
        assert firm.verdict(number)["decision"] == "deployed"
        assert house.rows.events(number).count("deployments.started") == 1


@pytest.mark.parametrize("how", ["expires", "is revoked"])
def test_a_token_that_ends_during_a_wait_hears_nothing_more(house, firm, how):
    number = firm.ask(firm.release(f"5.2.{len(how)}"), "staging")["number"]
    until = datetime.now(UTC) + timedelta(seconds=3 if how == "expires" else 60)
    body = {"name": how, "scopes": ["read"], "expires_at": stamp(until)}
    issued = firm.admin.post("service-accounts/ci-payments/tokens/", body)
    caller = Caller(house.url, issued["token"])
    if how == "is revoked":
        revoke = partial(firm.admin.post, f"tokens/{issued['id']}/revoke/", status=200)
        threading.Timer(1, revoke).start()
    began = time.monotonic()
    answer = caller.get(f"change-requests/{number}/verdict/", status=401, wait=20)
    assert time.monotonic() - began < 10
    assert answer["code"] == "not_authenticated"
    caller.http.close()
