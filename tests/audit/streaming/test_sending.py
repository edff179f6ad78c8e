"""Every sealed entry arrives, in the order of the log and at least once, with its place in the log."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta

import orjson
import pytest
from django.utils import timezone

from audit.models import Checkpoint, Event, Leaf
from audit.streaming import sending
from audit.streaming.lag import lags
from audit.streaming.models import Destination
from audit.streaming.reading import present_log
from audit.streaming.sending import pause_after, serve
from audit.streaming.transports.webhook import Webhook
from audit.tlog.notes import open_checkpoint
from tests.audit.sealing import tamper
from tests.audit.streaming.places import (
    at_once,
    indexes,
    made,
    messages_of,
    records_of,
    send,
)
from tests.deployments.receiver import Receiver
from tests.support.log import sequence, write

pytestmark = pytest.mark.django_db(transaction=True)


def everything() -> list[int]:
    """The indexes of all that is sealed."""
    return list(range(Leaf.objects.count()))


# ── what arrives ─────────────────────────────────────────────────────────────────────────────────


def test_a_record_carries_leaf_index_leaf_hash_and_the_checkpoint_that_covers_it(
    webhook, receiver, log
):
    log.grow(3)
    first = Checkpoint.objects.get().size
    log.grow(2)
    second = Checkpoint.objects.order_by("-size").first().size
    send(webhook)
    records = records_of(receiver)
    leaves = {leaf.idx: bytes(leaf.leaf_hash).hex() for leaf in Leaf.objects.all()}
    assert indexes(records) == sorted(leaves)
    for record in records:
        index = record["leaf_index"]
        assert record["leaf_hash"] == leaves[index]
        assert record["checkpoint_size"] == (first if index < first else second)


def test_the_entry_is_there_byte_for_byte_so_that_its_leaf_can_be_hashed_again(
    webhook, receiver, log
):
    log.grow(3)
    send(webhook)
    body = receiver.received[0][1]
    raw = body.partition(b'"records":[')[2]
    for record in records_of(receiver):
        event = Event.objects.get(leaf__idx=record["leaf_index"])
        assert bytes(event.entry) in raw
        assert hashlib.sha256(b"\x00" + bytes(event.entry)).hexdigest() == record["leaf_hash"]


def test_the_message_is_signed_over_id_time_and_body(webhook, receiver, log):
    log.grow(2)
    send(webhook)
    headers, body = receiver.received[0]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    digest = hmac.new(b"secret-of-the-siem", signed, hashlib.sha256).digest()
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"
    assert "authorization" not in headers


def test_the_newest_checkpoint_is_enclosed_with_every_message(webhook, receiver, log):
    log.grow(2)
    log.grow(2)
    send(webhook)
    [message] = messages_of(receiver)
    checkpoint, _, _ = open_checkpoint(message["log_checkpoint"].encode(), [log.key.verifier])
    assert checkpoint.size == Leaf.objects.count()


def test_what_is_not_signed_yet_is_not_sent(webhook, receiver, log):
    log.grow(2)
    write("thing/1", 3)
    send(webhook)
    sent = len(records_of(receiver))
    sequence()  # in the tree, and under no checkpoint
    send(webhook)
    assert len(records_of(receiver)) == sent
    log.seal()
    send(webhook)
    assert indexes(records_of(receiver)) == list(range(sent + 3))


def test_names_and_free_text_do_not_leave_with_the_entry(webhook, receiver, log, admin):
    send(webhook)
    log.seal()
    send(webhook)
    created = [
        r for r in records_of(receiver) if r["entry"]["body"]["type"] == "audit.stream_created"
    ]
    assert created
    assert created[0]["entry"]["body"]["actor"]["id"] == admin.pseudonym
    assert admin.display_name.encode() not in receiver.received[-1][1]


def test_records_may_be_ocsf_with_their_place_in_the_log(log, admin, secrets, receiver):
    destination = made(
        admin, kind="webhook", url=receiver.url, signing_secret="siem", format="ocsf"
    )
    log.grow(2)
    send(destination)
    records = records_of(receiver)
    leaves = {leaf.idx: bytes(leaf.leaf_hash).hex() for leaf in Leaf.objects.all()}
    assert [r["unmapped"]["leaf_index"] for r in records] == sorted(leaves)
    for record in records:
        place = record["unmapped"]
        assert place["leaf_hash"] == leaves[place["leaf_index"]]
        assert place["checkpoint_size"] == len(leaves)
        assert record["type_uid"] == record["class_uid"] * 100 + record["activity_id"]


def test_records_may_come_as_lines_with_the_checkpoint_last(log, admin, secrets, receiver):
    (secrets / "hec").write_text("Splunk 1234-abcd\n")
    destination = made(
        admin, kind="webhook", url=receiver.url, signing_secret="siem", layout="lines",
        authorization_secret="hec",
    )  # fmt: skip
    log.grow(2)
    send(destination)
    headers, body = receiver.received[0]
    *records, checkpoint = [json.loads(line) for line in body.splitlines()]
    assert indexes(records) == list(range(len(records)))
    assert open_checkpoint(checkpoint["checkpoint"].encode(), [log.key.verifier])
    assert headers["content-type"] == "application/x-ndjson"
    assert headers["authorization"] == "Splunk 1234-abcd"


def test_an_entry_that_was_changed_is_not_sent(webhook, receiver, log):
    log.grow(3)
    tamper(
        "UPDATE audit_event SET entry = 'forged'"
        " WHERE id = (SELECT event_id FROM audit_leaf WHERE idx = 1)"
    )
    send(webhook)
    webhook.refresh_from_db()
    assert receiver.received == []
    assert "Entry 1 is not the one that was put into the log" in webhook.trouble


def test_an_entry_whose_bytes_are_gone_is_told_by_its_place(webhook, receiver, log):
    log.grow(3)
    tamper("DELETE FROM audit_event WHERE id = (SELECT event_id FROM audit_leaf WHERE idx = 1)")
    send(webhook)
    records = records_of(receiver)
    assert indexes(records) == list(range(len(records)))
    assert records[1]["entry"] is None
    assert records[1]["leaf_hash"] == bytes(Leaf.objects.get(idx=1).leaf_hash).hex()


# ── the cursor ───────────────────────────────────────────────────────────────────────────────────


def test_the_cursor_moves_after_the_acknowledgement_only(webhook, receiver, log):
    receiver.answers = [(500, {}, b"out of order"), (200, {}, b"")]
    log.grow(2)
    send(webhook)
    assert (webhook.next_index, webhook.failures) == (0, 1)
    assert webhook.trouble == "The destination answered 500: out of order"
    send(at_once(webhook))
    assert (webhook.next_index, webhook.failures, webhook.trouble) == (len(everything()), 0, "")


def test_a_batch_is_sent_again_under_the_same_ids_though_more_was_sealed_since(
    webhook, receiver, log
):
    receiver.answers = [(503, {}, b""), (200, {}, b"")]
    log.grow(2)
    send(webhook)
    log.grow(5)
    send(at_once(webhook))
    first, again, rest = receiver.received
    assert first[0]["webhook-id"] == again[0]["webhook-id"] != rest[0]["webhook-id"]
    one, two = (json.loads(body)["records"] for _, body in (first, again))
    assert one == two
    ids = [record["id"] for record in records_of(receiver)[len(one) :]]
    assert len(ids) == len(set(ids)) == Leaf.objects.count()


def test_batches_are_bounded_in_number_and_in_bytes(webhook, receiver, log, monkeypatch):
    monkeypatch.setattr(Webhook, "most_records", 4)
    log.grow(9)
    send(webhook)
    sizes = [len(m["records"]) for m in messages_of(receiver)]
    assert (sum(sizes), max(sizes)) == (len(everything()), 4)
    monkeypatch.setattr(Webhook, "most_bytes", 700)
    log.grow(5)
    send(webhook)
    for message in messages_of(receiver)[len(sizes) :]:
        size = sum(len(orjson.dumps(each["entry"])) for each in message["records"])
        assert len(message["records"]) == 1 or size <= 700


def test_a_destination_may_begin_with_what_comes(log, admin, secrets, receiver):
    log.grow(5)
    destination = made(
        admin, kind="webhook", url=receiver.url, signing_secret="siem", from_now=True
    )
    before = destination.next_index
    assert before == Leaf.objects.count()
    log.grow(1)
    send(destination)
    assert indexes(records_of(receiver)) == [before, before + 1]  # its own creation comes first


def test_a_log_that_was_opened_anew_is_sent_from_its_first_entry(webhook, receiver, log):
    log.grow(2)
    send(webhook)
    Destination.objects.filter(pk=webhook.pk).update(origin="another.example/log")
    send(webhook)
    records = records_of(receiver)
    assert indexes(records) == 2 * everything()


# ── back-pressure ────────────────────────────────────────────────────────────────────────────────


def test_who_asks_us_to_wait_is_not_called_before(webhook, receiver, log):
    log.grow(1)
    for status, header, seconds in ((429, "17", 17), (503, "120", 120), (503, "9" * 12, 3600)):
        receiver.answers = [(status, {"Retry-After": header}, b"")]
        before = len(receiver.received)
        send(at_once(webhook))
        wait = (webhook.not_before - timezone.now()).total_seconds()
        assert seconds - 10 < wait <= seconds
        send(webhook)
        assert len(receiver.received) == before + 1


def test_a_date_to_wait_for_that_is_past_lets_it_go_on_at_once(webhook, receiver, log):
    past = {"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT"}
    receiver.answers = [(429, past, b""), (200, {}, b"")]
    log.grow(1)
    send(send(webhook))
    assert (webhook.next_index, len(receiver.received)) == (len(everything()), 2)


def test_pauses_double_up_to_a_longest_and_differ_by_chance():
    for failures, longest in ((1, 2), (2, 4), (5, 32), (9, 300), (5000, 300)):
        drawn = {pause_after(failures) for _ in range(50)}
        assert all(longest / 2 <= each <= longest for each in drawn)
        assert len(drawn) > 1


def test_trouble_with_the_place_throws_no_record_away(webhook, receiver, log):
    statuses = [301, 401, 403, 404, 405, 408, 409, 410, 500, 502]
    receiver.answers = [(status, {}, b"no") for status in statuses]
    log.grow(1)
    for status in statuses:
        send(at_once(webhook))
        assert webhook.trouble == f"The destination answered {status}: no"
    assert (webhook.next_index, webhook.failures) == (0, len(statuses))
    assert not webhook.dead_letters.exists()


# ── guarded ──────────────────────────────────────────────────────────────────────────────────────


def test_an_address_inside_is_not_called_unless_the_operator_allows_it(
    webhook, receiver, log, settings
):
    settings.OUTGOING_ALLOWED_HOSTS = []
    log.grow(1)
    send(webhook)
    assert receiver.received == []
    assert "OUTGOING_ALLOWED_HOSTS" in webhook.trouble


def test_without_its_secret_nothing_is_sent(webhook, receiver, log, secrets):
    log.grow(1)
    for content in ("", "whsec_!!", "whsec_", "\n", None):
        (secrets / "siem").unlink()
        if content is not None:
            (secrets / "siem").write_text(content)
        send(at_once(webhook))
        assert "STREAMING_SECRETS_DIR" in webhook.trouble
        (secrets / "siem").touch()
    assert receiver.received == []


def test_a_secret_that_a_receiver_repeats_is_shown_nowhere(log, admin, secrets, receiver, caplog):
    (secrets / "door").write_text("Bearer open-sesame-42")
    destination = made(
        admin, kind="webhook", url=receiver.url, signing_secret="siem", authorization_secret="door"
    )
    receiver.answers = [(403, {}, b"Bearer open-sesame-42 is not welcome; open-sesame-42!")]
    log.grow(1)
    send(destination)
    assert destination.trouble.startswith("The destination answered 403: [removed] is not welcome")
    assert "open-sesame" not in destination.trouble + caplog.text


def test_an_authorization_that_is_no_header_is_not_sent(log, admin, secrets, receiver):
    (secrets / "door").write_text("Bearer open\r\nx-evil: 1")
    destination = made(
        admin, kind="webhook", url=receiver.url, signing_secret="siem", authorization_secret="door"
    )
    log.grow(1)
    send(destination)
    assert receiver.received == []
    assert "one line of ASCII" in destination.trouble
    assert "evil" not in destination.trouble


# ── the lease ────────────────────────────────────────────────────────────────────────────────────


def test_two_streamers_do_not_send_to_one_destination_at_once(webhook, receiver, log):
    log.grow(2)
    told = []

    def another(_body):
        from django.db import connection  # noqa: PLC0415 -- the receiver's thread has its own

        told.append(serve(webhook.pk, worker="two"))
        connection.close()

    receiver.when_called.append(another)
    send(webhook)
    assert told == [False]
    assert indexes(records_of(receiver)) == everything()


def test_who_lost_the_lease_does_not_move_the_cursor(webhook, receiver, log):
    log.grow(2)

    def taken(_body):
        from django.db import connection  # noqa: PLC0415 -- the receiver's thread has its own

        Destination.objects.filter(pk=webhook.pk).update(lease_holder="two")
        connection.close()

    receiver.when_called.append(taken)
    send(webhook)
    assert (webhook.next_index, webhook.lease_holder) == (0, "two")


def test_a_lease_that_ran_out_is_taken_over_and_the_same_batch_is_sent(webhook, receiver, log):
    log.grow(2)
    held = sending.claim(webhook.pk, worker="dead")
    sending.Turn(held)._write(sending_until=2, origin=present_log()[0])
    log.grow(3)
    assert not serve(webhook.pk, worker="two")
    Destination.objects.filter(pk=webhook.pk).update(lease_until=timezone.now() - timedelta(1))
    send(webhook, worker="two")
    first, second = (indexes(message["records"]) for message in messages_of(receiver))
    assert (first, first + second) == ([0, 1], everything())


# ── how far behind ───────────────────────────────────────────────────────────────────────────────


def test_the_lag_is_entries_and_the_age_of_the_oldest(
    webhook, receiver, log, django_assert_num_queries
):
    log.grow(4)
    others = [
        made(webhook.created_by, name=f"other-{n}", kind="file", file_name=f"{n}.jsonl")
        for n in range(3)
    ]
    with django_assert_num_queries(4):
        behind = lags([webhook, *others])
    assert {lag.entries for lag in behind.values()} == {len(everything())}
    assert all(lag.seconds > 0 for lag in behind.values())
    send(webhook)
    assert lags([webhook])[webhook.pk].entries == 0
    assert lags([webhook])[webhook.pk].seconds == 0


def test_the_metrics_say_it(webhook, log, client):
    log.grow(4)
    text = client.get("/metrics").content.decode()
    assert f'audit_stream_behind_entries{{destination="siem"}} {len(everything())}\n' in text
    for name in ("behind_seconds", "dead_letters", "failures", "paused"):
        assert f'audit_stream_{name}{{destination="siem"}}' in text


def test_another_kind_of_answer_does_not_stop_the_streamer(log, admin, secrets):
    receiver = Receiver()
    url = receiver.url
    receiver.stop()  # nobody listens there any more
    destination = made(admin, kind="webhook", url=url, signing_secret="siem")
    log.grow(1)
    send(destination)
    assert "did not answer" in destination.trouble
    assert destination.failures == 1
