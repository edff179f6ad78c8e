import time

import pytest

from portal import health


@pytest.fixture(autouse=True)
def _worker_not_asked_yet(monkeypatch):
    monkeypatch.setitem(health.PARTS, "worker", health.Worker())


def test_the_process_says_that_it_lives_without_asking_anybody(client):
    answer = client.get("/livez")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert "no-store" in answer["Cache-Control"]


def test_without_a_worker_the_portal_is_not_ready_and_says_so(client, db):
    answer = client.get("/readyz")
    assert answer.status_code == 503
    parts = answer.json()["parts"]
    assert (parts["database"], parts["broker"]) == ("ok", "ok")
    assert parts["worker"].startswith("none answered")


def test_with_every_part_the_portal_is_ready(client, live_worker):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")


def test_the_workers_are_asked_at_most_every_five_seconds(monkeypatch):
    asked = []
    worker = health.Worker()
    monkeypatch.setattr(worker, "_ask", lambda: asked.append(1) or "ok")
    assert [worker() for _ in range(3)] == ["ok"] * 3
    assert len(asked) == 1
    later = time.monotonic() + 6
    monkeypatch.setattr(health.time, "monotonic", lambda: later)
    assert worker() == "ok"
    assert len(asked) == 2


def test_a_lost_database_or_broker_is_named(client, db, monkeypatch, settings):
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"

    def away():
        from django.db import OperationalError  # noqa: PLC0415 -- only here

        raise OperationalError("away")

    with monkeypatch.context() as lost:
        lost.setattr(health.connection, "cursor", away)
        parts = client.get("/readyz").json()["parts"]
    assert parts["database"] == "does not answer"
    assert parts["broker"] == "does not answer"


def test_a_broker_that_is_away_is_no_error_of_the_worker_check(monkeypatch):
    def away(**_):
        raise OSError("refused")

    monkeypatch.setattr(health.app.control, "ping", away)
    assert health.Worker()() == "the broker does not answer"


def test_only_reading_is_allowed(client):
    assert client.post("/livez").status_code == 405
