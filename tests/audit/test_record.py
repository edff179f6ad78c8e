"""What `record()` writes, byte by byte, and what it refuses to write."""

import base64
import hashlib
import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import UUID

import pytest
import rfc8785
from django.db import connection, transaction
from django.db.transaction import TransactionManagementError

from audit.errors import NotRecordable
from audit.models import Disclosure, Event, Pending, Stream
from audit.origin import Origin, coming_from
from audit.privacy.disclosures import DISCLOSED, opened_rows
from audit.record import LARGEST_BODY, MAX_FREE_TEXT, commitment, record
from audit.times import in_utc
from tests.audit.conftest import Happened, Somebody, Thing

AWKWARD = 'quotes " and \\ slash / tab \t line \n bell \x07 del \x7f é 🚀 \u2028 </script>'


def write(subject=None, **data):
    return record(Happened.PLAIN, subject=subject or Thing(), by=Somebody(), **data)


def opened():
    with connection.cursor() as cursor:
        cursor.execute(DISCLOSED, {"ids": list(Event.objects.values_list("pk", flat=True))})
        return list(opened_rows(cursor.fetchall()).values())


@pytest.mark.django_db
def test_the_entry_is_exactly_the_canonical_json_of_its_parts():
    facts = {"z": 1, "a": [True, None, -7, {"b": AWKWARD, "A": ""}], "text": AWKWARD}
    with coming_from(Origin("api", "req-1")):
        receipt = write(**facts)
    event = Event.objects.get()
    body = {
        "type": "tests.plain",
        "outcome": "success",
        "actor": {"id": "usr_5ab1e", "kind": "person"},
        "object": {"type": "thing", "id": 1, "label": "thing 1"},
        "project": "payments",
        "data": facts,
        "private": json.loads(bytes(event.entry))["body"]["private"],
        "source": {"channel": "api", "request": "req-1"},
    }
    envelope = {
        "at": in_utc(receipt.recorded_at),
        "body": body,
        "db": "gatehouse_app",
        "id": str(receipt.uid),
        "s": "thing/1",
        "seq": 1,
        "v": 1,
    }
    assert bytes(event.entry) == rfc8785.dumps(envelope)
    assert event.facts == body
    assert event.body is None


@pytest.mark.django_db
def test_the_leaf_hash_is_that_of_rfc_6962():
    receipt = write()
    event = Event.objects.get()
    expected = hashlib.sha256(b"\x00" + bytes(event.entry)).digest()
    assert bytes(event.leaf_hash) == receipt.leaf_hash == expected


@pytest.mark.django_db
def test_the_receipt_names_what_was_written():
    receipt = write()
    event = Event.objects.get()
    assert (event.pk, event.uid) == (receipt.event_id, receipt.uid)
    assert isinstance(receipt.uid, UUID)
    assert (
        (event.stream, event.stream_seq) == (receipt.stream, receipt.stream_seq) == ("thing/1", 1)
    )
    assert event.recorded_at == receipt.recorded_at
    assert (event.type, event.actor, event.project) == ("tests.plain", "usr_5ab1e", "payments")
    assert list(Pending.objects.values_list("event_id", flat=True)) == [event.pk]


@pytest.mark.django_db
def test_times_have_six_digits_even_where_they_are_zeros():
    for _ in range(30):
        write()
    ats = [json.loads(bytes(event.entry))["at"] for event in Event.objects.order_by("pk")]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", at) for at in ats)
    assert ats == sorted(ats)
    assert len(set(ats)) > 1  # the clock of each event, not of its transaction
    assert in_utc(datetime(2026, 11, 20, 12, tzinfo=UTC)) == "2026-11-20T12:00:00.000000Z"


@pytest.mark.django_db
def test_each_stream_is_numbered_by_itself():
    for number in (1, 2, 1, 1, 2):
        write(Thing(number))
    numbers = Event.objects.order_by("pk").values_list("stream", "stream_seq")
    assert list(numbers) == [
        ("thing/1", 1), ("thing/2", 1), ("thing/1", 2), ("thing/1", 3), ("thing/2", 2),
    ]  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_eight_writers_leave_no_gap_and_no_number_twice_in_the_order_of_their_times():
    def work(_):
        try:
            for _ in range(12):
                with transaction.atomic():
                    write()
                with transaction.atomic():  # what is undone leaves no gap either
                    write()
                    transaction.set_rollback(True)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    events = list(Event.objects.of_stream("thing/1"))
    assert [event.stream_seq for event in events] == list(range(1, 97))
    assert [event.recorded_at for event in events] == sorted(e.recorded_at for e in events)
    assert Stream.objects.get().last_seq == 96
    assert Pending.objects.count() == 96


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_nothing_is_recorded():
    with pytest.raises(RuntimeError, match="share the transaction"):
        write()
    assert not Event.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_event_goes_with_the_change_that_was_undone():
    with transaction.atomic():
        write()
        transaction.set_rollback(True)
    assert not Event.objects.exists()
    assert not Disclosure.objects.exists()
    assert not Pending.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("data", "error"),
    [
        ({"share": 0.5}, TypeError),
        ({"deep": [{"share": 1.0}]}, TypeError),
        ({"when": datetime(2026, 1, 1, tzinfo=UTC)}, TypeError),
        ({"what": ...}, TypeError),
        ({"numbers": {1: "one"}}, TypeError),
        ({"prénom": "x"}, NotRecordable),
        ({"deep": [{"clé": "x"}]}, NotRecordable),
        ({"large": 2**53}, NotRecordable),
        ({"large": -(2**53)}, NotRecordable),
        ({"nul": "a\x00b"}, NotRecordable),
        ({"half": "\ud83d"}, NotRecordable),
    ],
    ids=str,
)
def test_what_has_no_one_form_is_refused(data, error):
    with pytest.raises(error):
        write(**data)
    assert not Event.objects.exists()


@pytest.mark.django_db
def test_the_largest_exact_integers_are_recorded():
    write(most=2**53 - 1, least=-(2**53 - 1), none=0)
    assert Event.objects.get().facts["data"] == {
        "most": 2**53 - 1,
        "least": -(2**53 - 1),
        "none": 0,
    }


@pytest.mark.django_db
def test_the_largest_body_fits_an_entry_and_one_byte_more_is_refused_with_a_sentence():
    write(Thing("x" * 60), filler="")
    first = Event.objects.get()
    overhead = len(json.dumps(first.facts, separators=(",", ":"), ensure_ascii=False).encode())
    write(Thing("x" * 60), filler="a" * (LARGEST_BODY - overhead))
    assert len(bytes(Event.objects.latest("pk").entry)) <= 65_535
    with pytest.raises(NotRecordable) as refused:
        write(Thing("x" * 60), filler="a" * (LARGEST_BODY - overhead + 1))
    assert f"{LARGEST_BODY + 1} bytes" in refused.value.sentence
    assert Event.objects.count() == 2


@pytest.mark.django_db
def test_names_and_free_text_are_in_no_entry():
    with coming_from(Origin("page", "req-2", "203.0.113.7")):
        record(
            Happened.NAMED,
            subject=Thing(),
            by=Somebody(),
            private={"person": "Tom Becker", "comment": "He left us."},
            what="nothing",
        )
    entry = bytes(Event.objects.get().entry).decode()
    facts = json.dumps(Event.objects.get().facts)
    for secret in ("Priya", "Raman", "Tom", "Becker", "left us", "203.0.113.7"):
        assert secret not in entry
        assert secret not in facts


@pytest.mark.django_db
def test_what_is_disclosed_verifies_against_the_entry():
    private = {"person": "Inês Duarte", "comment": AWKWARD}
    with coming_from(Origin("page", "req-3", "2001:db8::7")):
        record(Happened.NAMED, subject=Thing(), by=Somebody(), private=private, what="it")
    committed = json.loads(bytes(Event.objects.get().entry))["body"]["private"]
    [disclosed] = opened()
    assert {field: value for field, (_, value) in disclosed.items()} == {
        **private,
        "actor": "Priya Raman",
        "address": "2001:db8::7",
    }
    for field, (salt, value) in disclosed.items():
        assert commitment(field, value, base64.b64decode(salt)) == committed[field]
        digest = hashlib.sha256(base64.b64decode(salt) + f"{field}\x00{value}".encode()).digest()
        assert base64.urlsafe_b64encode(digest).decode().rstrip("=") == committed[field]
    assert commitment("person", "Tom", b"1" * 32) != commitment("person", "Tom", b"2" * 32)
    assert commitment("person", "Tom", b"1" * 32) != commitment("actor", "Tom", b"1" * 32)


@pytest.mark.django_db
def test_the_salt_of_every_value_is_its_own():
    record(Happened.PLAIN, subject=Thing(), by=Somebody(), private={"a": "same", "b": "same"})
    record(Happened.PLAIN, subject=Thing(), by=Somebody(), private={"a": "same", "b": "same"})
    salts = [salt for values in opened() for salt, _ in values.values()]
    assert len(set(salts)) == len(salts) == 6
    assert all(len(base64.b64decode(salt)) == 32 for salt in salts)


@pytest.mark.django_db
def test_private_text_that_cannot_be_kept_is_made_to_fit_and_still_verifies():
    typed = {"nul": "a\x00b", "half": "x\ud83dy", "long": "é" * (MAX_FREE_TEXT + 5)}
    record(Happened.PLAIN, subject=Thing(), by=Somebody(), private=typed)
    [kept] = opened()
    assert (kept["nul"][1], kept["half"][1]) == ("ab", "x?y")
    assert kept["long"][1] == "é" * MAX_FREE_TEXT
    committed = Event.objects.get().facts["private"]
    assert all(commitment(f, v, base64.b64decode(s)) == committed[f] for f, (s, v) in kept.items())


@pytest.mark.django_db
def test_the_action_does_not_write_events_through_the_model():
    write()
    event = Event.objects.get()
    with pytest.raises(TypeError, match="written by"):
        event.save()
    with pytest.raises(TypeError, match="cannot be deleted"):
        event.delete()


@pytest.mark.django_db
def test_its_statement_is_prepared_once_a_connection():
    write()
    write()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%INSERT INTO audit_event%'"
        )
        assert cursor.fetchone() == (1,)


@pytest.mark.django_db
def test_an_undone_transaction_records_nothing_more():
    with transaction.atomic():
        transaction.set_rollback(True)
        with pytest.raises(TransactionManagementError):
            write()
