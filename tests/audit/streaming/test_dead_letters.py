"""What a destination refuses for good is put aside with its reason; everything else goes on."""

import json

import pytest
from django.db import IntegrityError, connection

from audit.models import Event, Leaf
from audit.sentences import with_sentences
from audit.streaming import sending
from audit.streaming.actions.dismiss import dismiss_letters
from audit.streaming.actions.replay import replay_destination
from audit.streaming.actions.resume import resume_destination
from audit.streaming.actions.send_again import send_again
from audit.streaming.errors import StreamingRefused, StreamingWrongMoment
from audit.streaming.lag import lags
from audit.streaming.models import DeadLetter
from audit.streaming.sending import MOST_REFUSED_IN_ROW, TRIES
from tests.audit.streaming.places import at_once, indexes, records_of, send

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def particular(receiver):
    """The receiver refuses messages that hold one of these indexes, and keeps what it took in `.taken`."""
    receiver.refused, receiver.taken = set(), []

    def judge(body):
        message = json.loads(body)
        held = indexes(message["records"])
        if receiver.refused & set(held):
            receiver.answers = [(422, {}, b"I do not take this")]
        else:
            receiver.taken += held
            receiver.answers = [(200, {}, b"")]

    receiver.when_called.append(judge)
    return receiver


def sent(destination):
    """Let it be sent until nothing is left to try, without the pauses."""
    before = None
    while before != (destination.next_index, destination.tries, destination.is_paused):
        before = (destination.next_index, destination.tries, destination.is_paused)
        send(at_once(destination))
    return destination


def test_the_record_at_fault_is_put_aside_after_its_tries_and_the_others_arrive(
    webhook, particular, log
):
    log.grow(9)
    particular.refused = {4}
    sent(webhook)
    assert sorted(particular.taken) == [n for n in range(Leaf.objects.count()) if n != 4]
    assert particular.taken == sorted(particular.taken)  # still in the order of the log
    letter = DeadLetter.objects.get()
    assert (letter.index, letter.tries) == (4, TRIES)
    assert letter.reason == "The destination answered 422: I do not take this"
    alone = [m for m in particular.received if indexes(json.loads(m[1])["records"]) == [4]]
    assert len(alone) == TRIES
    told = Event.objects.get(type="audit.stream_record_refused")
    assert (told.facts["data"]["index"], told.facts["outcome"]) == (4, "failure")


def test_a_refusal_of_what_tells_of_a_refusal_is_not_told_again(webhook, particular, log):
    log.grow(2)
    particular.refused = {1}
    sent(webhook)
    log.seal()  # the event about entry 1 is in the log now, and is refused too
    particular.refused.add(Leaf.objects.count() - 1)
    sent(webhook)
    assert DeadLetter.objects.count() == 2
    assert Event.objects.filter(type="audit.stream_record_refused").count() == 1


def test_a_destination_that_refuses_everything_stands_still_and_loses_little(
    webhook, particular, log, monkeypatch
):
    monkeypatch.setattr(sending, "MOST_REFUSED_IN_ROW", 4)
    log.grow(12)
    particular.refused = set(range(100))
    sent(webhook)
    assert webhook.is_paused
    assert webhook.paused_because.startswith("it refused 4 entries in a row")
    assert (DeadLetter.objects.count(), webhook.next_index) == (4, 4)
    assert MOST_REFUSED_IN_ROW == 20
    paused = Event.objects.get(type="audit.stream_paused")
    assert paused.facts["outcome"] == "error"
    particular.refused = set()
    resume_destination(webhook.pk, by=webhook.created_by)
    sent(webhook)
    assert particular.taken == list(range(4, Leaf.objects.count()))


def test_a_dead_letter_is_sent_again_when_somebody_asks(webhook, particular, log):
    log.grow(4)
    particular.refused = {2}
    sent(webhook)
    with pytest.raises(StreamingWrongMoment, match="None of these entries"):
        send_again(webhook.pk, indexes=[3], by=webhook.created_by)
    send_again(webhook.pk, indexes=[2], by=webhook.created_by)
    sent(webhook)  # refused once more
    letter = DeadLetter.objects.get()
    assert (letter.again_at, letter.delivered_at, letter.tries) == (None, None, TRIES + 1)
    particular.refused = set()
    assert send_again(webhook.pk, by=webhook.created_by) == 1
    sent(webhook)
    letter.refresh_from_db()
    assert letter.delivered_at is not None
    assert 2 in particular.taken
    same = [record for record in records_of(particular) if record["leaf_index"] == 2]
    assert len({json.dumps(record) for record in same}) == 1  # every time the same, under one id


def test_what_is_sent_again_to_a_place_in_trouble_waits_for_it(webhook, particular, log):
    log.grow(3)
    particular.refused = {1}
    sent(webhook)
    particular.when_called.clear()
    particular.answers = [(503, {"Retry-After": "60"}, b"")]
    send_again(webhook.pk, by=webhook.created_by)
    send(webhook)
    assert DeadLetter.objects.get().again_at is not None
    assert webhook.failures == 1


# ── dismissed ────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def refused(webhook, particular, log):
    """The webhook, without entries 1 and 2."""
    log.grow(4)
    particular.refused = {1, 2}
    return sent(webhook)


def test_who_dismisses_dead_letters_says_why_and_the_log_keeps_it(refused, admin):
    with pytest.raises(StreamingRefused, match="Say why"):
        dismiss_letters(refused.pk, why="  ", by=admin)
    assert dismiss_letters(refused.pk, indexes=[1], why="Twice the size it takes.", by=admin) == 1
    assert [each.index for each in DeadLetter.objects.open()] == [2]
    assert lags([refused])[refused.pk].dead_letters == 1
    [told] = with_sentences(Event.objects.filter(type="audit.stream_dismissed"))
    assert told.sentence == (
        f"{admin.display_name} decided that the destination siem shall do without entry 1, which it "
        "refused: Twice the size it takes."
    )
    assert told.facts["data"]["indexes"] == [1]
    assert b"size" not in bytes(Event.objects.get(pk=told.pk).entry)


def test_what_is_no_open_dead_letter_is_not_dismissed(refused, admin):
    send_again(refused.pk, indexes=[2], by=admin)
    for wrong in ([0], [1, 3], [2], []):
        with pytest.raises(StreamingWrongMoment, match="Not all of these"):
            dismiss_letters(refused.pk, indexes=wrong, why="Enough.", by=admin)
    assert dismiss_letters(refused.pk, why="Enough.", by=admin) == 1
    with pytest.raises(StreamingWrongMoment, match="None of these"):
        send_again(refused.pk, indexes=[1], by=admin)
    assert not DeadLetter.objects.filter(index=2).exclude(dismissed_at=None).exists()


def test_a_replay_offers_what_was_dismissed_and_a_new_refusal_is_a_dead_letter_again(
    refused, particular, admin
):
    dismiss_letters(refused.pk, why="Enough.", by=admin)
    particular.refused = {2}
    replay_destination(refused.pk, from_index=0, by=admin)
    refused.refresh_from_db()
    sent(refused)
    assert [each.index for each in DeadLetter.objects.open()] == [2]
    assert DeadLetter.objects.get(index=1).delivered_at is not None


def test_the_database_refuses_to_dismiss_or_remove_one_without_an_event(refused):
    for deed in (
        "UPDATE audit_deadletter SET dismissed_at = now() WHERE index = 1",
        "DELETE FROM audit_deadletter WHERE index = 1",
    ):
        with (
            pytest.raises(IntegrityError, match=f"log-destination/{refused.pk}"),
            connection.cursor() as cursor,
        ):
            cursor.execute(deed)
    assert DeadLetter.objects.open().count() == 2


def test_what_the_application_marks_as_delivered_is_still_a_gap_at_the_place(refused, particular):
    """Nothing here shows it: the application is who says what arrived."""
    [letter, *_] = DeadLetter.objects.open()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE audit_deadletter SET delivered_at = now() WHERE id = %s", [letter.pk]
        )
    assert letter not in DeadLetter.objects.open()
    sent(refused)
    assert letter.index not in particular.taken
    assert max(particular.taken) > letter.index


def test_what_the_application_passes_over_is_a_gap_at_the_place(webhook, particular, log):
    """It writes the cursor, so that it can move it; the indexes are dense, so that the place sees it."""
    log.grow(6)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE audit_destination SET next_index = 3")
    webhook.refresh_from_db()
    sent(webhook)
    log.grow(1)
    sent(webhook)
    assert particular.taken[0] == 3
    assert set(range(max(particular.taken))) - set(particular.taken) == {0, 1, 2}
