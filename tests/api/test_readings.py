"""Reading the log is an event: who, by which way, and what was asked for first."""

import pytest
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

from audit import readings
from audit.actions import record_reading as action
from audit.models import Event
from audit.sentences import with_sentences
from catalog.models import User
from tests import factories
from tests.support.absent_cache import take_the_cache_away
from tests.support.callers import client_of
from tests.support.log import Signing, connected, sequence

EVENTS = "/api/v1/audit/events/"
PAGE = "/audit/"


def told():
    """The readings, oldest first: who, way, project, scope."""
    return [
        (event.actor_name, event.facts["data"]["way"], event.project, event.facts["data"]["scope"])
        for event in with_sentences(Event.objects.filter(type="audit.log_read").order_by("pk"))
    ]


@pytest.fixture
def browse(client):
    def signed_in(username):
        person = User.objects.get(username=username)
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return signed_in


@pytest.fixture
def audrey(world):
    """A client of the project's auditor."""
    assert world.project
    return world.as_("audrey")


@pytest.fixture
def without_cache(settings, monkeypatch):
    take_the_cache_away(settings, monkeypatch)


def test_a_poller_is_told_of_once_an_hour(world):
    world.request()
    client = world.as_("audrey")
    for _ in range(3):
        assert client.get(EVENTS).status_code == 200
    assert told() == [("Audrey Lefèvre", "REST API", None, "everything that the account may read")]

    kept = cache.get(f"audit:read:{User.objects.get(username='audrey').pk}:API:")
    assert kept is not None
    cache.clear()  # what an hour does
    readings.forget()
    client.get(EVENTS)
    assert len(told()) == 2


def test_a_service_account_is_told_of_too(world):
    account = factories.service_account(world.project, "siem", role="auditor")
    client = client_of(account.user, ["read"])
    assert client.get(f"{EVENTS}?project=payments").status_code == 200
    assert [each[0] for each in told()] == [account.user.display_name]
    assert Event.objects.get(type="audit.log_read").facts["actor"]["kind"] == "service"


def test_each_way_and_each_project_is_told_of_with_what_was_asked(world, browse):
    number = world.request()["number"]
    pages, api = browse("audrey"), world.as_("audrey")
    stream = f"change-request/{number}"
    own = Event.objects.filter(stream=stream).first()
    for _ in range(2):
        pages.get(PAGE, {"type": "releases.submitted", "text": "Audrey payments"})
        pages.get(f"/audit/streams/{stream}/")
        pages.get(f"/audit/events/{own.pk}/")
        pages.get(f"/audit/events/{own.pk}/entry/")
        api.get(f"{EVENTS}?project=payments&stream={stream}&type=releases.submitted")
        api.get(f"{EVENTS}{own.pk}/")
    assert told() == [
        ("Audrey Lefèvre", "pages", None, "type releases.submitted, with certain words"),
        ("Audrey Lefèvre", "pages", "payments", f"stream {stream}"),
        (
            "Audrey Lefèvre", "REST API", "payments",
            f"project payments, type releases.submitted, stream {stream}",
        ),
    ]  # fmt: skip
    [searched, *_] = with_sentences(Event.objects.filter(type="audit.log_read").order_by("pk"))
    assert b"Audrey payments" not in bytes(searched.entry)
    assert searched.disclosed["words"] == "Audrey payments"
    assert searched.sentence == (
        "Audrey Lefèvre read the audit log through its pages: type releases.submitted, with certain words."
    )


def test_what_is_typed_into_a_filter_does_not_get_into_the_entry(audrey):
    audrey.get(EVENTS, {"stream": "Priya Raman", "actor": "Priya Raman", "type": "Priya Raman"})
    assert told()[0][-1] == "stream (not a name of ours)"
    assert b"Raman" not in bytes(Event.objects.get(type="audit.log_read").entry)


def test_as_it_was_is_read_from_the_log(world, browse):
    assert world.request()
    address = "projects/payments/environments/staging/at/"
    at = Event.objects.latest("pk").recorded_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    for _ in range(2):
        assert browse("audrey").get(f"/{address}").status_code == 200
        assert world.as_("audrey").get(f"/api/v1/{address}", {"time": at}).status_code == 200
    expected = ("payments", "project payments, environment staging")
    assert [each[2:] for each in told()] == [expected, expected]


@pytest.mark.django_db(transaction=True)
def test_published_entries_are_read_hashes_and_checkpoints_are_not(world, tmp_path, settings):
    signing = Signing(tmp_path)
    settings.LOG_ROOT = signing.root
    assert world.version()
    sequence()
    signing.sign()
    size = Event.objects.count()
    client = world.as_("admin")
    for path in ("checkpoint", f"tile/0/000.p/{size}"):
        assert client.get(f"/api/v1/audit/log/{path}").status_code == 200
    event = Event.objects.filter(leaf__isnull=False).first()
    assert client.get(f"{EVENTS}{event.uid}/proof").status_code == 200
    assert told() == []
    assert client.get(f"/api/v1/audit/log/tile/entries/000.p/{size}").status_code == 200
    assert [each[1] for each in told()] == ["published entries"]


def test_who_may_read_nothing_reads_nothing(world, browse):
    assert world.project
    assert browse("vera").get(PAGE).status_code == 200
    assert browse("vera").get(PAGE, {"project": "payments"}).status_code == 422
    assert world.as_("vera").get(EVENTS).status_code == 403
    assert world.as_("audrey").get(f"{EVENTS}?after=x").status_code == 400
    assert told() == []


def test_while_the_cache_is_away_each_process_remembers_for_itself(audrey, without_cache):
    for _ in range(3):
        assert audrey.get(EVENTS).status_code == 200
    assert len(told()) == 1
    readings.forget()  # another process
    audrey.get(EVENTS)
    assert len(told()) == 2


def test_what_a_process_remembers_has_a_bound(monkeypatch):
    monkeypatch.setattr(readings, "_MOST", 3)
    for number in range(8):
        readings.remember(f"audit:read:{number}")
    assert len(readings._own) <= 3


def test_who_cannot_be_recorded_gets_no_answer_and_is_not_taken_for_recorded(audrey, monkeypatch):

    def fails(*args, **options):
        raise DatabaseError("No space left on device.")

    with monkeypatch.context() as broken:
        broken.setattr(action, "record", fails)
        assert audrey.get(EVENTS).status_code >= 500
    assert told() == []
    assert audrey.get(EVENTS).status_code == 200
    assert len(told()) == 1


def test_a_poll_within_the_hour_asks_the_database_nothing_more(audrey):
    counts = []
    for _ in range(3):
        with CaptureQueriesContext(connection) as queries:
            audrey.get(EVENTS)
        counts.append(len(queries))
    assert counts[1] == counts[2] == 5
    assert "audit_event" in str([q["sql"] for q in queries])
    assert counts[0] > 5  # the event of the first


@pytest.mark.django_db(transaction=True)
def test_nothing_shows_who_reads_the_database_itself(world):
    assert world.project
    before = Event.objects.count()
    with connected("app") as somebody:
        assert somebody.execute("SELECT count(*) FROM audit_event").fetchone()[0] == before
    assert Event.objects.count() == before
