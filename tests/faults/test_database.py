"""PostgreSQL stops in the middle: what was committed is there, and everything goes on by itself."""

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests import factories

pytestmark = pytest.mark.slow


def kill_the_postmaster(house):
    house.kill("postgres", with_children=False)


def shut_down_immediately(house):
    house.stop("postgres", signal.SIGQUIT)


def image(n):
    return {
        "artifact": "payments-api",
        "kind": "image",
        "version": f"9.{n}.0",
        "digest": factories.digest(f"database {n}"),
    }


@pytest.mark.parametrize("break_down", [kill_the_postmaster, shut_down_immediately])
def test_a_carry_out_is_taken_over_when_the_database_is_back_and_finished_once(
    house, firm, almost, break_down
):
    number, digest = almost(f"2.0.0-{break_down.__name__[:4]}")
    firm.hold_back()
    firm.sofia.post(
        f"change-requests/{number}/approve/",
        {"statement_digest": digest, "comment": ""},
        status=200,
    )
    firm.until(lambda: house.rows.events(number).count("deployments.applied") == 2)
    before = house.rows.events(number)
    break_down(house)
    time.sleep(1)  # long enough for the worker to write something, and to find nobody
    house.start("postgres")
    assert house.rows.events(number)[: len(before)] == before, "what was committed is there"
    firm.let_go()
    firm.until(lambda: house.sweep() or house.rows.state(number) == "deployed", every=0.5)
    told = house.rows.events(number)
    assert told.count("deployments.started") == told.count("deployments.succeeded") == 1
    assert told.count("deployments.applied") == told.count("deployments.verified") == 2
    assert told.count("releases.deployed") == 1
    assert not {"deployments.failed", "deployments.errored"} & set(told)
    assert house.alive("web") and house.alive("worker"), "nothing had to be restarted"


def test_calls_in_the_middle_are_answered_with_problems_and_lose_nothing_that_was_confirmed(
    house, firm
):
    answers, going_on = {}, threading.Event()

    def register(n):
        answer = firm.ci.http.post(
            "projects/payments/artifact-versions/",
            json=image(n),
            headers={"Idempotency-Key": f"database-{n}"},
        )
        answers[n] = answer
        if n == 20:
            going_on.set()

    with ThreadPoolExecutor(4) as calls:
        done = [calls.submit(register, n) for n in range(60)]
        going_on.wait(30)
        kill_the_postmaster(house)
        for each in done:
            each.result(60)
    refused = {n: answer for n, answer in answers.items() if answer.status_code != 201}
    assert refused, "the database was away"
    for answer in refused.values():
        assert answer.status_code == 503, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "unavailable"
    house.start("postgres")
    kept = {row[0] for row in house.rows.all("SELECT version FROM catalog_artifactversion")}
    assert {image(n)["version"] for n in answers.keys() - refused.keys()} <= kept

    for n in refused:  # what CI does
        again = firm.ci.http.post("projects/payments/artifact-versions/", json=image(n))
        assert again.status_code in {200, 201}, again.text
    events = house.rows.one(
        "SELECT count(*) FROM audit_event WHERE type = 'catalog.artifact_version_registered' "
        "AND facts -> 'data' ->> 'digest' = ANY(%s)",
        [image(n)["digest"] for n in answers],
    )
    assert (events, len(answers)) == (60, 60), "each was done once"


def test_the_web_recovers_without_a_restart_on_every_connection(house, firm):
    pid = house.processes["web"].pid
    with ThreadPoolExecutor(8) as calls:  # a connection in each of the web's threads
        list(calls.map(lambda _: firm.ci.get("projects/"), range(16)))
    kill_the_postmaster(house)
    assert firm.ci.http.get("projects/").status_code == 503
    assert firm.ci.http.get(f"{house.url}/livez").status_code == 200, "or it would be restarted"
    ready = firm.ci.http.get(f"{house.url}/readyz")
    assert (ready.status_code, ready.json()["parts"]["database"]) == (503, "does not answer")
    shown = firm.page("priya", "/", status=503)
    assert "The database does not answer" in shown.text
    assert shown.headers["retry-after"] == "5"
    house.start("postgres")
    with ThreadPoolExecutor(8) as calls:
        statuses = list(calls.map(lambda _: firm.ci.http.get("projects/").status_code, range(16)))
    assert statuses == [200] * 16
    firm.page("priya", "/")
    os.kill(pid, 0)


@pytest.mark.django_db(transaction=True)
def test_a_row_that_somebody_holds_for_too_long_is_503_and_not_a_hang():
    """A forgotten psql session must not hold the portal's threads for ever."""
    from django.db import connection  # noqa: PLC0415 -- needs Django

    from tests.support.api_world import ApiWorld  # noqa: PLC0415 -- needs Django
    from tests.support.database import name, server  # noqa: PLC0415 -- needs Django

    world = ApiWorld()
    world.policy()
    asked = world.request()
    sofia, path = world.as_("sofia"), f"/api/v1/change-requests/{asked['number']}/"
    signed = {"statement_digest": asked["statement_digest"], "comment": ""}
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("10s",)
        cursor.execute("SET lock_timeout = '300ms'")
    with server().superuser(name()) as somebody, somebody.transaction():
        somebody.execute(
            "SELECT 1 FROM releases_changerequest WHERE number = %s FOR UPDATE", [asked["number"]]
        )
        held = sofia.post(f"{path}approve/", signed)
        assert (held.status_code, held.json()["code"]) == (503, "unavailable")
    assert sofia.get(path).json()["approvals"] == []
    assert sofia.post(f"{path}approve/", signed).status_code == 200
