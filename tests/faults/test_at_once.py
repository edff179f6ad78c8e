"""Two people at once, a double click, a yes against a withdrawal: over HTTP, on real threads."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

pytestmark = pytest.mark.slow


def at_once(*calls):
    """Make the calls at the same moment; return their answers in order."""
    barrier = threading.Barrier(len(calls))

    def run(call):
        barrier.wait(30)
        return call()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))


@pytest.fixture
def waiting(firm):
    """A change request that needs two signatures, and its statement."""

    def ask(version):
        number = firm.ask(firm.release(version), "staging")["number"]
        return number, firm.ci.get(f"change-requests/{number}/")["statement_digest"]

    return ask


def press(caller, number, digest, verb="approve", **headers):
    signed = {"statement_digest": digest, "comment": "read it"}
    return lambda: caller.http.post(
        f"change-requests/{number}/{verb}/", json=signed, headers=headers
    )


def signed_by(firm, number):
    document = firm.ci.get(f"change-requests/{number}/")
    return sorted(each["person"]["username"] for each in document["approvals"])


@pytest.mark.parametrize("turn", range(3))
def test_two_people_who_approve_at_once_let_it_through_once(house, firm, waiting, turn):
    number, digest = waiting(f"8.0.{turn}")
    answers = at_once(*(press(each, number, digest) for each in (firm.tom, firm.sofia)))
    assert [answer.status_code for answer in answers] == [200, 200]
    assert firm.verdict(number)["decision"] == "deployed"
    told = house.rows.events(number)
    assert told.count("releases.approved") == 2
    assert told.count("releases.all_rules_met") == told.count("releases.queued") == 1
    assert told.count("deployments.started") == 1
    assert signed_by(firm, number) == ["sofia", "tom"]


def test_a_double_click_signs_once_and_the_second_says_so(house, firm, waiting):
    number, digest = waiting("8.1.0")
    answers = at_once(*[press(firm.tom, number, digest)] * 4)
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    refused = {answer.json()["code"] for answer in answers if answer.status_code == 409}
    assert refused == {"already_decided"}
    assert house.rows.events(number).count("releases.approved") == 1
    assert signed_by(firm, number) == ["tom"]
    press(firm.ci, number, digest, "withdraw")


def test_a_double_click_with_one_key_signs_once_and_is_answered_the_same(house, firm, waiting):
    number, digest = waiting("8.2.0")
    click = press(firm.tom, number, digest, **{"Idempotency-Key": f"click-{number}"})
    answers = at_once(*[click] * 4)
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert 200 in {answer.status_code for answer in answers}
    waits = [answer.json()["code"] for answer in answers if answer.status_code == 409]
    assert set(waits) <= {"still_in_progress"}
    later = click()
    assert (later.status_code, later.headers["idempotency-replayed"]) == (200, "true")
    given = [answer.content for answer in answers if answer.status_code == 200]
    assert set(given) == {later.content}
    assert house.rows.events(number).count("releases.approved") == 1


@pytest.mark.parametrize("turn", range(3))
def test_the_last_signature_races_with_the_withdrawal_and_one_of_them_stands(
    house, firm, waiting, turn
):
    number, digest = waiting(f"8.3.{turn}")
    firm.sign(number, "tom")
    withdraw = lambda: firm.ci.http.post(  # noqa: E731 -- one of two calls side by side
        f"change-requests/{number}/withdraw/", json={"comment": "not today"}
    )
    yes, no = at_once(press(firm.sofia, number, digest), withdraw)
    assert {yes.status_code, no.status_code} <= {200, 409}
    verdict = firm.verdict(number)
    told = house.rows.events(number)
    if no.status_code == 200:
        assert verdict["state"] == "withdrawn"
        assert not {"deployments.started", "releases.deploying"} & set(told)
        assert told[-1] == "releases.withdrawn"
    else:
        assert verdict["decision"] == "deployed"
        assert "releases.withdrawn" not in told
    assert told.count("releases.approved") == (2 if yes.status_code == 200 else 1)


def test_the_last_signature_races_with_a_no_and_a_no_is_final(house, firm, waiting):
    number, digest = waiting("8.4.0")
    firm.sign(number, "tom")
    _, no = at_once(press(firm.sofia, number, digest), press(firm.tom, number, digest, "reject"))
    verdict = firm.verdict(number)
    if no.status_code == 200:
        assert (verdict["decision"], verdict["state"]) == ("rejected", "rejected")
        assert "deployments.started" not in house.rows.events(number)
    else:
        assert (no.status_code, verdict["decision"]) == (409, "deployed")
