import pytest
import redis

from portal.api import throttling
from portal.api.throttling import AccountThrottle
from tests.support.callers import client_of

ME = "/api/v1/me/"


@pytest.fixture
def three_a_minute(monkeypatch):
    monkeypatch.setattr(AccountThrottle, "THROTTLE_RATES", {"account": "3/min"})
    monkeypatch.setattr(AccountThrottle, "_away_until", 0.0)
    monkeypatch.setattr(throttling, "_lots", {})


def test_an_account_is_held_to_its_rate_over_all_its_tokens(anybody, three_a_minute):
    one, other = client_of(anybody), client_of(anybody)
    assert [client.get(ME).status_code for client in (one, other, one, other)] == [
        200,
        200,
        200,
        429,
    ]
    answer = one.get(ME)
    assert answer.json()["code"] == "throttled"
    assert 1 <= int(answer["Retry-After"]) <= 60


def test_one_account_does_not_use_up_another_ones_rate(anybody, django_user_model, three_a_minute):
    busy = client_of(anybody)
    for _ in range(4):
        busy.get(ME)
    assert client_of(django_user_model.objects.create_user("quiet")).get(ME).status_code == 200


def test_a_lost_cache_lets_everybody_through_and_is_not_asked_again_at_once(
    anybody, three_a_minute, monkeypatch, caplog
):
    away = redis.Redis(port=1, socket_connect_timeout=0.2)
    monkeypatch.setattr(AccountThrottle, "_client", away)
    client = client_of(anybody)
    assert [client.get(ME).status_code for _ in range(5)] == [200] * 5
    assert caplog.text.count("throttle_without_cache") == 1


def test_the_window_before_fades_out(three_a_minute):
    throttle = AccountThrottle()
    assert [throttle._within("throttle:test", 1000.0) for _ in range(4)] == [True] * 3 + [False]
    assert not throttle._within("throttle:test", 1020.5), "four of the window before still count"
    assert throttle._within("throttle:test", 1070.0)


def test_a_process_counts_in_lots_and_two_together_keep_to_the_rate(monkeypatch):
    monkeypatch.setattr(AccountThrottle, "THROTTLE_RATES", {"account": "2000/min"})
    throttle, taken = AccountThrottle(), []
    take = AccountThrottle._taken
    monkeypatch.setattr(
        AccountThrottle, "_taken", lambda self, *args: taken.append(1) or take(self, *args)
    )
    allowed = 0
    for _ in range(2):  # two processes
        monkeypatch.setattr(throttling, "_lots", {})
        allowed += sum(throttle._within("throttle:many", 1000.0) for _ in range(1500))
    assert 1900 <= allowed <= 2000
    assert len(taken) <= 310, "a round trip for every tenth call"


def test_lots_do_not_grow_without_end(monkeypatch):
    monkeypatch.setattr(throttling, "MOST_LOTS", 5)
    monkeypatch.setattr(throttling, "_lots", lots := {})
    throttle = AccountThrottle()
    for number in range(12):
        throttle._within(f"throttle:{number}", 1000.0)
    assert len(lots) <= 5
