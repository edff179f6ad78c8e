"""A part of the log is sent once more, because a place lost it."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from audit.models import Event
from audit.sentences import with_sentences
from audit.streaming.actions.replay import replay_destination
from audit.streaming.errors import StreamingRefused, StreamingWrongMoment
from audit.streaming.models import DeadLetter, Destination
from tests.audit.streaming.places import indexes, lines_of, path_of, records_of, send

pytestmark = pytest.mark.django_db(transaction=True)


def test_from_the_named_entry_on_the_same_records_come_again(webhook, receiver, log, admin):
    log.grow(5)
    reached = send(webhook).next_index
    first = {record["leaf_index"]: record["id"] for record in records_of(receiver)}
    receiver.received.clear()
    replay_destination(webhook.pk, from_index=3, by=admin)
    log.seal()
    assert send(webhook).next_index == reached + 1  # and what tells of it
    again = records_of(receiver)
    assert indexes(again) == list(range(3, reached + 1))
    assert all(first.get(record["leaf_index"], record["id"]) == record["id"] for record in again)
    [told] = with_sentences(Event.objects.filter(type="audit.stream_replayed"))
    assert told.sentence == (
        f"{admin.display_name} had the log sent to the destination siem again from entry 3; "
        f"it had come to {reached}."
    )


def test_a_destination_in_trouble_begins_the_replay_at_once(webhook, receiver, log, admin):
    log.grow(2)
    send(webhook)
    receiver.answers = [(503, {}, b"")]
    log.grow(1)
    assert send(webhook).failures == 1
    replayed = replay_destination(webhook.pk, from_index=0, by=admin)
    assert (replayed.failures, replayed.trouble, replayed.not_before) == (0, "", None)


@pytest.mark.parametrize("index", [-1, "reached", 10**18])
def test_what_a_destination_has_not_is_no_replay(file, log, admin, index):
    log.grow(2)
    reached = send(file).next_index
    with pytest.raises(StreamingRefused, match=f"from 0 to {reached - 1}") as refused:
        replay_destination(file.pk, from_index=reached if index == "reached" else index, by=admin)
    assert refused.value.field == "from_index"
    assert Destination.objects.get().next_index == reached


def test_before_the_first_entry_was_sent_there_is_nothing_to_replay(file, log, admin):
    with pytest.raises(StreamingRefused, match="Nothing was sent there yet"):
        replay_destination(file.pk, from_index=0, by=admin)


def test_entries_of_another_log_are_not_replayed(file, log, admin):
    log.grow(2)
    send(file)
    Destination.objects.update(origin="former.example/log")
    with pytest.raises(StreamingWrongMoment, match="has not begun the present log"):
        replay_destination(file.pk, from_index=0, by=admin)


def test_a_batch_on_its_way_does_not_undo_the_replay(webhook, receiver, log, admin):
    log.grow(3)
    send(webhook)
    log.grow(2)

    def replays(_body):
        receiver.when_called.clear()
        replay_destination(webhook.pk, from_index=1, by=admin)
        connection.close()  # that of the receiver's thread

    receiver.when_called.append(replays)
    receiver.received.clear()
    assert send(webhook).next_index == 1
    on_its_way = indexes(records_of(receiver))
    receiver.received.clear()
    send(webhook)
    again = indexes(records_of(receiver))
    assert again == list(range(1, again[-1] + 1))
    assert set(on_its_way) <= set(again)


def test_what_was_refused_and_is_taken_in_a_replay_is_no_dead_letter(file, log, admin):
    log.grow(4)
    origin = send(file).origin
    for number, of_log in ((0, origin), (2, origin), (3, "former.example/log")):
        DeadLetter.objects.create(
            destination=file, origin=of_log, index=number, reason="No.", tries=3
        )
    replay_destination(file.pk, from_index=1, by=admin)
    send(file)
    open_ones = DeadLetter.objects.open().order_by("index")
    assert list(open_ones.values_list("index", flat=True)) == [0, 3]
    assert indexes(lines_of(path_of(file))).count(2) == 2


def test_the_command_does_it_too(file, log, admin):
    log.grow(2)
    send(file)
    out = StringIO()
    call_command("replay_destination", "siem", "--from=1", "--by=admin", stdout=out)
    assert "from entry 1 on again" in out.getvalue()
    assert Destination.objects.get().next_index == 1
    event = Event.objects.filter(type="audit.stream_replayed").get()
    assert event.facts["source"]["channel"] == "command"
    for wrong, why in (
        (["siem", "--from=0", "--by=nobody"], "no account nobody"),
        (["elsewhere", "--from=0", "--by=admin"], "no destination elsewhere"),
        (["siem", "--from=99", "--by=admin"], "name one of these"),
    ):
        with pytest.raises(CommandError, match=why):
            call_command("replay_destination", *wrong)
