"""Administrators decide where the log is sent; who reads the whole log looks; every deed is an event."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from audit.models import Event
from audit.sentences import with_sentences
from audit.streaming.actions.ask_for_test import ask_for_test
from audit.streaming.actions.change import change_destination
from audit.streaming.actions.create import create_destination
from audit.streaming.actions.dismiss import dismiss_letters
from audit.streaming.actions.pause import pause_destination
from audit.streaming.actions.remove import remove_destination
from audit.streaming.actions.replay import replay_destination
from audit.streaming.actions.resume import resume_destination
from audit.streaming.actions.send_again import send_again
from audit.streaming.errors import (
    StreamingNotAllowed,
    StreamingRefused,
    StreamingWrongMoment,
)
from audit.streaming.models import DeadLetter, Destination
from audit.streaming.wanted import Wanted
from catalog.actions.set_portal_permissions import set_portal_permissions
from catalog.models import the_portal
from tests import factories
from tests.support.callers import client_of

pytestmark = pytest.mark.django_db(transaction=True)

URL = "/api/v1/audit/destinations/"
FILE = {"name": "siem", "kind": "file", "file_name": "audit.jsonl"}
WEBHOOK = {
    "name": "siem",
    "kind": "webhook",
    "url": "https://siem.example.com/in/T0PSECRET",
    "signing_secret": "siem",
}


@pytest.fixture
def auditor(transactional_db):
    """Reads the whole log, and administers nothing."""
    auditor = factories.person("audrey")
    set_portal_permissions(auditor, permissions=["view_whole_audit"], by=factories.admin())
    return auditor


@pytest.fixture
def destination(admin):
    return create_destination(Wanted(**FILE), by=admin)


def signed_in(user):
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def letter_for(destination):
    return DeadLetter.objects.create(
        destination=destination, origin="", index=7, event_type="tests.plain",
        reason="The destination answered 422.", tries=3,
    )  # fmt: skip


# ── what makes sense ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("fields", "field", "why"),
    [
        ({**FILE, "name": "SIEM"}, "name", "small letters"),
        ({**FILE, "name": ""}, "name", "small letters"),
        ({**FILE, "kind": "pigeon"}, "kind", "webhook, syslog, file"),
        ({**FILE, "format": "cef"}, "format", "gatehouse, ocsf"),
        ({**FILE, "file_name": "../audit.jsonl"}, "file_name", "plain name"),
        ({**FILE, "file_name": "/etc/passwd"}, "file_name", "plain name"),
        ({**FILE, "file_name": "audit.log"}, "file_name", "ends with .jsonl"),
        ({**WEBHOOK, "url": "http://siem.example.com/"}, "url", "https addresses only"),
        ({**WEBHOOK, "url": "https://u:p@siem.example.com/"}, "url", "without a user"),
        ({**WEBHOOK, "url": "https://siem.example.com/?token=x"}, "url", "without a query"),
        ({**WEBHOOK, "url": "https://siem.example.com/\r\nx: y"}, "url", "plain characters|https"),
        ({**WEBHOOK, "signing_secret": ""}, "signing_secret", "secret that signs"),
        ({**WEBHOOK, "signing_secret": "whsec_c2Vj/cmV0"}, "signing_secret", "not its content"),
        ({**WEBHOOK, "signing_secret": "../key"}, "signing_secret", "not its content"),
        ({"name": "s", "kind": "syslog", "host": "a b"}, "host", "host's name"),
        ({"name": "s", "kind": "syslog", "host": "h", "port": 70000}, "port", "1 to 65535"),
        (
            {"name": "s", "kind": "syslog", "host": "h", "key_file": "us.key"},
            "certificate_file",
            "A key needs its certificate",
        ),
    ],
    ids=range(17),
)
def test_a_set_up_that_makes_no_sense_is_refused_with_its_field(fields, field, why):
    with pytest.raises(StreamingRefused, match=why) as refused:
        Wanted(**fields).checked()
    assert refused.value.field == field


def test_what_another_kind_uses_is_left_out():
    wanted = Wanted(**FILE, url="https://x.example/", host="h", signing_secret="s").checked()
    assert (wanted.url, wanted.host, wanted.signing_secret) == ("", "", "")
    assert Wanted(name="s", kind="syslog", host="h").checked().port == 6514


def test_a_name_and_a_file_belong_to_one_destination(admin, destination):
    with pytest.raises(StreamingRefused, match="this name"):
        create_destination(Wanted(**{**FILE, "file_name": "b.jsonl"}), by=admin)
    with pytest.raises(StreamingRefused, match="writes this file"):
        create_destination(Wanted(**{**FILE, "name": "b"}), by=admin)


# ── who ──────────────────────────────────────────────────────────────────────────────────────────


def test_nobody_but_an_administrator_decides(auditor, destination):
    letter_for(destination)
    pk = destination.pk
    deeds = [
        lambda: create_destination(Wanted(**{**FILE, "name": "b"}), by=auditor),
        lambda: change_destination(pk, {"format": "ocsf"}, by=auditor),
        lambda: pause_destination(pk, why="why not", by=auditor),
        lambda: resume_destination(pk, by=auditor),
        lambda: replay_destination(pk, from_index=0, by=auditor),
        lambda: ask_for_test(pk, by=auditor),
        lambda: send_again(pk, by=auditor),
        lambda: dismiss_letters(pk, why="why not", by=auditor),
        lambda: remove_destination(pk, by=auditor),
    ]
    before = Event.objects.count()
    for deed in deeds:
        with pytest.raises(StreamingNotAllowed, match="administrators of the portal decide"):
            deed()
    assert Event.objects.count() == before
    assert [each.format for each in Destination.objects.all()] == ["gatehouse"]


def writes(pk):
    return [
        ("post", reverse("audit:destination-new", args=["file"]), {"name": "b", "format": "ocsf"}),
        ("post", reverse("audit:destination-change", args=[pk]), {"name": "b"}),
        ("post", reverse("audit:destination-pause", args=[pk]), {"why": "x"}),
        ("post", reverse("audit:destination-resume", args=[pk]), {}),
        ("post", reverse("audit:destination-replay", args=[pk]), {"from_index": "0"}),
        ("post", reverse("audit:destination-test", args=[pk]), {}),
        ("post", reverse("audit:destination-again", args=[pk]), {}),
        ("post", reverse("audit:destination-dismiss", args=[pk]), {"why": "x"}),
        ("post", reverse("audit:destination-remove", args=[pk]), {}),
    ]


def test_every_deed_of_the_pages_is_refused_to_others(auditor, destination):
    letter_for(destination)
    tom = factories.person("tom")
    before = Event.objects.count()
    for method, address, fields in writes(destination.pk):
        assert getattr(signed_in(auditor), method)(address, fields).status_code == 403, address
        assert getattr(signed_in(tom), method)(address, fields).status_code == 404, address
        answer = getattr(Client(), method)(address, fields)
        assert answer["Location"].startswith("/accounts/login/"), address
        assert signed_in(auditor).get(address).status_code in {403, 405}, address
    assert Event.objects.count() == before


def test_every_deed_of_the_api_is_refused_to_others(auditor, destination):
    letter_for(destination)
    one = f"{URL}{destination.pk}/"
    calls = [
        ("post", URL, FILE),
        ("patch", one, {"format": "ocsf"}),
        ("delete", one, None),
        ("post", f"{one}pause/", {"why": "x"}),
        ("post", f"{one}resume/", {}),
        ("post", f"{one}replay/", {"from_index": 0}),
        ("post", f"{one}test/", {}),
        ("post", f"{one}dead-letters/send-again/", {}),
        ("post", f"{one}dead-letters/dismiss/", {"why": "x"}),
    ]
    reading = client_of(factories.admin(), ["read"])
    callers = (client_of(auditor), client_of(factories.person("tom")), reading)
    before = Event.objects.count()
    for caller in callers:
        for method, address, body in calls:
            answer = getattr(caller, method)(address, body, format="json")
            assert (answer.status_code, address) == (403, address)
            assert answer.json()["code"] == "not_permitted"
    assert Event.objects.count() == before


def test_whoever_reads_the_whole_log_looks_and_others_find_nothing(auditor, destination):
    letter_for(destination)
    one = f"{URL}{destination.pk}/"
    pages = [
        reverse("audit:destinations"),
        reverse("audit:destination", args=[destination.pk]),
        reverse("audit:destination-live", args=[destination.pk]),
    ]
    for address in pages:
        page = signed_in(auditor).get(address)
        assert page.status_code == 200
        assert "btn-primary" not in page.content.decode()
        assert signed_in(factories.person("tom")).get(address).status_code == 404
    for address in (URL, one, f"{one}dead-letters/"):
        assert client_of(auditor).get(address).status_code == 200
        assert client_of(factories.person("tom")).get(address).status_code == 404


# ── over REST ────────────────────────────────────────────────────────────────────────────────────


def test_a_destination_lives_its_life_over_rest(admin):
    caller = client_of(admin)
    made = caller.post(URL, {**WEBHOOK, "start": "now"}, format="json")
    assert made.status_code == 201
    assert made.json()["place"] == "https://siem.example.com"
    one = f"{URL}{made.json()['id']}/"
    assert caller.patch(one, {"format": "ocsf"}, format="json").json()["format"] == "ocsf"
    wrong = caller.patch(one, {"url": "http://siem.example.com/"}, format="json")
    assert (wrong.status_code, list(wrong.json()["errors"])) == (400, ["url"])
    assert caller.post(f"{one}resume/").status_code == 409
    assert caller.post(f"{one}pause/", {"why": "a rest"}, format="json").json()["is_paused"]
    assert caller.post(f"{one}pause/", {"why": "a rest"}, format="json").status_code == 409
    assert not caller.post(f"{one}resume/").json()["is_paused"]
    nothing = caller.post(f"{one}replay/", {"from_index": 0}, format="json")
    assert (nothing.status_code, list(nothing.json()["errors"])) == (400, ["from_index"])
    Destination.objects.update(next_index=9)
    replayed = caller.post(f"{one}replay/", {"from_index": 4}, format="json")
    assert (replayed.status_code, replayed.json()["next_index"]) == (202, 4)
    asked = caller.post(f"{one}test/")
    assert (asked.status_code, asked.json()["test"]["done_at"]) == (202, None)
    assert caller.post(f"{one}test/").status_code == 409
    assert caller.post(f"{one}dead-letters/send-again/", {}, format="json").status_code == 409
    letter_for(Destination.objects.get())
    [letter] = caller.get(f"{one}dead-letters/").json()["results"]
    assert (letter["index"], letter["tries"]) == (7, 3)
    again = caller.post(f"{one}dead-letters/send-again/", {"indexes": [7]}, format="json")
    assert (again.status_code, again.json()) == (202, {"count": 1})
    DeadLetter.objects.update(again_at=None)
    dismiss = f"{one}dead-letters/dismiss/"
    assert list(caller.post(dismiss, {}, format="json").json()["errors"]) == ["why"]
    wrong = caller.post(dismiss, {"why": "x", "indexes": [8]}, format="json")
    assert wrong.status_code == 409
    gone = caller.post(dismiss, {"why": "x", "indexes": [7]}, format="json")
    assert (gone.status_code, gone.json()) == (200, {"count": 1})
    assert caller.get(f"{one}dead-letters/").json()["results"] == []
    assert [each["name"] for each in caller.get(URL).json()["results"]] == ["siem"]
    assert caller.delete(one).status_code == 204
    assert caller.get(one).status_code == 404
    told = Event.objects.filter(type__startswith="audit.stream_").order_by("pk")
    assert [event.type.partition("_")[2] for event in told] == [
        "created", "changed", "paused", "resumed", "replayed", "tested", "sent_again", "dismissed",
        "removed",
    ]  # fmt: skip
    for event in with_sentences(list(told)):
        assert admin.display_name in event.sentence
    # The path of an address may be a secret: it is in no event and no answer.
    assert not any("T0PSECRET" in bytes(event.entry).decode() for event in told)
    assert "T0PSECRET" not in made.content.decode()


# ── on the pages ─────────────────────────────────────────────────────────────────────────────────


def test_a_destination_lives_its_life_on_the_pages(admin):
    client = signed_in(admin)
    wrong = client.post(
        reverse("audit:destination-new", args=["file"]),
        {"name": "siem", "format": "gatehouse", "file_name": "audit.log", "start": "now"},
    )
    assert wrong.status_code == 422
    assert "plain name that ends with .jsonl" in wrong.content.decode()
    fields = {"name": "siem", "format": "gatehouse", "file_name": "audit.jsonl"}
    made = client.post(
        reverse("audit:destination-new", args=["file"]), {**fields, "start": "beginning"}
    )
    destination = Destination.objects.get()
    one = reverse("audit:destination", args=[destination.pk])
    assert made["Location"] == one
    letter_for(destination)
    shown = client.get(one).content.decode()
    for words in ("The destination answered 422.", "Send again", "Send a test record", "Pause"):
        assert words in shown
    assert client.post(f"{one}pause/", {"why": ""}).status_code == 422
    assert client.post(f"{one}replay/", {"from_index": "0"}).status_code == 422
    Destination.objects.update(next_index=9)
    assert "Send again from…" in client.get(one).content.decode()
    assert client.post(f"{one}replay/", {"from_index": "x"}).status_code == 422
    assert client.post(f"{one}replay/", {"from_index": "4"})["Location"] == one
    assert Destination.objects.get().next_index == 4
    for deed, more in (
        ("pause/", {"why": "maintenance"}), ("resume/", {}), ("test/", {}),
        ("again/", {"index": "7"}), ("change/", {**fields, "format": "ocsf"}),
    ):  # fmt: skip
        assert client.post(f"{one}{deed}", more)["Location"] == one, deed
    assert client.post(f"{one}test/").status_code == 422
    destination.refresh_from_db()
    assert (destination.format, destination.is_paused) == ("ocsf", False)
    assert client.post(f"{one}remove/")["Location"] == reverse("audit:destinations")
    assert client.get(one).status_code == 404
    assert client.get(reverse("audit:destination-new", args=["pigeon"])).status_code == 404


def test_refused_entries_are_dismissed_on_a_page_that_shows_them_and_asks_why(admin, destination):
    letter_for(destination)
    client = signed_in(admin)
    one = reverse("audit:destination", args=[destination.pk])
    address = reverse("audit:destination-dismiss", args=[destination.pk])
    assert f'href="{address}?index=7"' in client.get(one).content.decode()
    for query, is_shown in (
        ("", True),
        ("?index=7", True),
        ("?index=8", False),
        ("?index=x", False),
    ):
        shown = client.get(f"{address}{query}").content.decode()
        assert ("The destination answered 422." in shown) is is_shown, query
        assert ("Nothing waits for a decision" in shown) is not is_shown, query
    for fields in ({"index": "7", "why": ""}, {"index": "7", "why": "  "}, {"index": "x", "why": "x"},
                   {"index": "8", "why": "x"}):  # fmt: skip
        assert client.post(address, fields).status_code == 422, fields
    assert DeadLetter.objects.open().count() == 1
    assert client.post(address, {"index": "7", "why": "Too large."})["Location"] == one
    assert DeadLetter.objects.open().count() == 0
    assert "Too large." not in client.get(one).content.decode()
    assert "Nothing was refused" in client.get(one).content.decode()


def test_what_names_no_entry_does_not_send_all_of_them_again(admin, destination):
    letter_for(destination)
    again = reverse("audit:destination-again", args=[destination.pk])
    for index in ("x", "-7", "9" * 30):
        assert signed_in(admin).post(again, {"index": index}).status_code == 422, index
    assert DeadLetter.objects.get().again_at is None


def test_the_pages_cost_the_same_however_many_there_are(admin, django_assert_max_num_queries):
    client = signed_in(admin)
    for number in range(12):
        destination = create_destination(
            Wanted(name=f"siem-{number}", kind="file", file_name=f"{number}.jsonl"), by=admin
        )
        letter_for(destination)
    for address in (
        reverse("audit:destinations"), reverse("audit:destination", args=[destination.pk]), URL,
    ):  # fmt: skip
        client.get(address)
        with django_assert_max_num_queries(14):
            assert client.get(address).status_code == 200


# ── the database ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_destination SET is_paused = true",
        "UPDATE audit_destination SET file_name = 'elsewhere.jsonl'",
        "DELETE FROM audit_destination",
    ],
    ids=["paused", "moved", "removed"],
)
def test_the_database_refuses_to_silence_a_destination_without_an_event(destination, statement):
    with (
        pytest.raises(DatabaseError, match="left no audit event"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_there_are_no_more_destinations_than_threads(admin, monkeypatch):
    monkeypatch.setattr("audit.streaming.actions.create.MOST_DESTINATIONS", 1)
    create_destination(Wanted(**FILE), by=the_portal())
    with pytest.raises(StreamingWrongMoment, match="no more are kept"):
        create_destination(Wanted(**{**FILE, "name": "b", "file_name": "b.jsonl"}), by=admin)
