"""The broker is away or hangs: nobody waits for it, and what it lost is found by the sweep."""

import time

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def _a_web_that_knows_nothing_of_it(_house):
    """For some seconds after an outage the web sends no nudge: the next module's tests count on them."""
    yield
    _house.kill("web")
    _house.start("web")


BEARABLE = 4.0
"""Seconds for an answer on a loaded machine; the socket's own timeouts would be 30."""


def sign(firm, number, digest):
    signed = {"statement_digest": digest, "comment": "read it"}
    return firm.sofia.post(f"change-requests/{number}/approve/", signed, status=200)


def seconds_of(call):
    began = time.monotonic()
    call()
    return time.monotonic() - began


def arrives(house, firm, number):
    verdict = firm.verdict(number)
    assert verdict["decision"] == "deployed", verdict
    told = house.rows.events(number)
    for once in ("releases.queued", "releases.deploying", "deployments.started"):
        assert told.count(once) == 1
    assert told.count("deployments.applied") == 2  # one for each workload
    assert told.count("deployments.succeeded") == told.count("releases.deployed") == 1


@pytest.mark.parametrize("how", ["kill", "freeze"])
def test_while_the_broker_is_away_people_sign_and_read_and_beat_finds_what_waits(
    house, firm, almost, how
):
    number, digest = almost(f"1.0.0-{how}")
    getattr(house, how)("valkey")
    assert seconds_of(lambda: sign(firm, number, digest)) < 2 * BEARABLE
    assert seconds_of(lambda: firm.sofia.get(f"change-requests/{number}/")) < BEARABLE
    assert seconds_of(lambda: firm.page("priya", "/")) < 2 * BEARABLE
    assert house.rows.state(number) == "queued"
    ready = firm.sofia.http.get(f"{house.url}/readyz")
    assert (ready.status_code, ready.json()["parts"]["broker"]) == (503, "does not answer")
    house.thaw("valkey")
    house.start("valkey", "beat")
    arrives(house, firm, number)


def test_many_nudges_at_once_do_not_wait_one_after_the_other(house, firm):
    """One report concerns ten change requests; each is marked in its row and none is nudged."""
    release = firm.release("1.1.0", metrics=False)
    numbers = [firm.ask(release, name)["number"] for name in ("staging", "production")]
    house.freeze("valkey")
    assert seconds_of(lambda: firm.measure(release["images"][0])) < 2 * BEARABLE
    firm.measure(release["images"][1])
    house.thaw("valkey")
    house.sweep()
    firm.until(lambda: house.rows.state(numbers[0]) == "awaiting_approval")


def test_a_queue_that_was_lost_with_the_nudge_in_it_costs_one_sweep(house, firm, almost):
    number, digest = almost("1.2.0")
    house.kill("worker")
    sign(firm, number, digest)
    house.send("deployments.carry_out", number)  # if the web still believes that the broker is away
    assert house.broker.llen("carry_out") in {1, 2}, "the nudge"
    house.broker.flushall()
    house.start("worker")
    assert house.rows.state(number) == "queued"
    house.sweep()
    arrives(house, firm, number)


def test_a_broker_that_comes_back_empty_while_a_worker_carries_out_disturbs_nothing(
    house, firm, almost
):
    number, digest = almost("1.3.0")
    firm.hold_back()
    sign(firm, number, digest)
    house.send("deployments.carry_out", number)  # if the web still believes that the broker is away
    firm.until(lambda: "deployments.applied" in house.rows.events(number))
    house.kill("valkey")
    for file in (house.valkey.data / "appendonlydir").glob("*"):
        file.unlink()
    house.start("valkey")
    firm.let_go()
    arrives(house, firm, number)
    # It takes what comes next as well: celery 5.7.0 ended when the task in hand did.
    number, digest = almost("1.3.1")
    sign(firm, number, digest)
    firm.until(lambda: house.sweep() or house.rows.state(number) == "deployed", every=0.3)
    assert house.alive("worker")


def test_twenty_nudges_and_two_workers_make_one_deployment(house, firm, almost):
    number, digest = almost("1.4.0")
    house.start("another")
    sign(firm, number, digest)
    for _ in range(20):
        house.send("deployments.carry_out", number)
    arrives(house, firm, number)
    firm.until(lambda: house.broker.llen("carry_out") == 0)
    assert house.rows.events(number).count("deployments.started") == 1
    assert house.rows.one(
        "SELECT count(*) FROM deployments_deployment WHERE change_request_id = %s", number
    ) == 1  # fmt: skip
