import threading
import time

import pytest
from django.db import connection

from releases.api import verdict as verdicts
from releases.api.reading import Standing
from releases.models import ChangeRequest
from releases.states import FINAL, ChangeRequestState
from tests.api.test_change_requests import decide, one


def ask(client, number, query="", **headers):
    return client.get(one(number, f"verdict/{query}"), headers=headers)


@pytest.fixture
def ready(world):
    world.policy()
    return world.request()


@pytest.mark.parametrize("state", ChangeRequestState)
def test_every_state_has_a_decision_and_only_final_ones_are_done(state):
    answer = verdicts.Verdict(Standing(state, ["why"], [], None, ["Sofia", "no"], "it crashed"))
    assert answer.done == (state in FINAL)
    assert state in verdicts.DECISIONS


def test_while_people_decide_it_is_pending_and_says_who_is_missing(world, ready):
    answer = ask(world.ci, ready["number"]).json()
    assert (answer["decision"], answer["done"]) == ("pending", False)
    assert answer["reasons"][1] == ("Security: 0 of 1 given, 1 missing; may sign: Sofia Marino.")


def test_what_blocks_is_said_as_on_the_change_request(world):
    world.policy()
    blocked = world.request(world.release(world.version(), tested=False))
    answer = ask(world.ci, blocked["number"]).json()
    assert answer["decision"] == "blocked"
    assert answer["reasons"] == blocked["blocking"]


def test_a_rejection_says_by_whom_and_why(world, ready):
    decide(world.as_("sofia"), ready, "reject", comment="The scan is old.")
    answer = ask(world.ci, ready["number"]).json()
    assert answer["decision"] == "rejected"
    assert answer["done"]
    assert answer["reasons"] == ["Sofia Marino rejected it: The scan is old."]


def test_a_withdrawn_one_is_done(world, ready):
    world.ci.post(one(ready["number"], "withdraw/"))
    answer = ask(world.ci, ready["number"]).json()
    assert (answer["decision"], answer["done"], answer["state"]) == ("rejected", True, "withdrawn")


def test_an_unchanged_verdict_is_304(world, ready):
    first = ask(world.ci, ready["number"])
    again = ask(world.ci, ready["number"], **{"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again["ETag"] == first["ETag"]
    decide(world.as_("priya"), ready)
    changed = ask(world.ci, ready["number"], **{"If-None-Match": first["ETag"]})
    assert changed.status_code == 200


def test_a_final_verdict_is_not_waited_for(world, ready):
    world.ci.post(one(ready["number"], "withdraw/"))
    begun = time.monotonic()
    assert ask(world.ci, ready["number"], "?wait=20").json()["done"]
    assert time.monotonic() - begun < 5


def test_news_are_told_without_waiting(world, ready):
    begun = time.monotonic()
    assert (
        ask(world.ci, ready["number"], "?wait=20", **{"If-None-Match": '"old"'}).status_code == 200
    )
    assert time.monotonic() - begun < 5


def test_the_wait_ends_with_what_is_known_then(world, ready):
    begun = time.monotonic()
    answer = ask(world.ci, ready["number"], "?wait=0.3")
    assert answer.json()["decision"] == "pending"
    assert time.monotonic() - begun >= 0.3


@pytest.mark.parametrize("wait", ["-1", "soon", "1e3", "nan", "", "٣"])
def test_seconds_that_are_none_are_400(world, ready, wait):
    answer = ask(world.ci, ready["number"], f"?wait={wait}")
    assert answer.status_code == 400
    assert "wait" in answer.json()["errors"]


def test_when_there_is_no_room_to_wait_the_answer_comes_at_once(world, ready, monkeypatch):
    monkeypatch.setattr(verdicts, "_seats", threading.BoundedSemaphore(1))
    verdicts._seats.acquire()
    begun = time.monotonic()
    answer = ask(world.ci, ready["number"], "?wait=20")
    assert time.monotonic() - begun < 5
    assert answer.json()["decision"] == "pending"
    assert answer["Retry-After"] == "2"


def test_a_seat_is_free_again_after_the_wait(world, ready, monkeypatch):
    monkeypatch.setattr(verdicts, "_seats", threading.BoundedSemaphore(1))
    for _ in range(2):
        assert "Retry-After" not in ask(world.ci, ready["number"], "?wait=0.05")


@pytest.mark.django_db(transaction=True)
def test_whoever_waits_hears_of_a_change_when_it_happens(world):
    world.policy()
    ready = world.request()
    priya, heard = world.as_("priya"), []

    def wait():
        heard.append(ask(world.ci, ready["number"], "?wait=20").json())
        connection.close()

    waiting = threading.Thread(target=wait)
    begun = time.monotonic()
    waiting.start()
    time.sleep(0.3)
    decide(priya, ready)
    waiting.join()
    assert time.monotonic() - begun < 10
    assert heard[0]["reasons"][0].startswith("Engineering: 1 of 1") or len(heard[0]["reasons"]) == 1


def test_what_the_statement_shows_is_what_the_queryset_shows(world, ready):
    from tests import factories  # noqa: PLC0415 -- only here

    for username in ("admin", "vera", "olga", "audrey"):
        client = world.as_(username)
        user = factories.person(username)
        seen = ChangeRequest.objects.visible_to(user).filter(pk=ready["number"]).exists()
        assert (ask(client, ready["number"]).status_code == 200) is seen
        assert (client.get(one(ready["number"])).status_code == 200) is seen


def test_a_grant_that_ran_out_shows_nothing(world, ready):
    from datetime import timedelta  # noqa: PLC0415 -- only here

    from django.utils import timezone  # noqa: PLC0415 -- only here

    from catalog.models import ProjectUserObjectPermission  # noqa: PLC0415 -- only here

    vera = world.as_("vera")
    gone = timezone.now() - timedelta(days=1)
    ProjectUserObjectPermission.objects.filter(user__username="vera").update(expires_at=gone)
    assert ask(vera, ready["number"]).status_code == 404
