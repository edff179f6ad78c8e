"""A destination that is far behind or refuses too much is an alarm like those about the log itself."""

import pytest
from django.core.cache import cache
from django.urls import reverse

from audit.banner import _KEY
from audit.completeness.models import Alarm
from audit.models import Event
from audit.streaming.actions.change import change_destination
from audit.streaming.actions.dismiss import dismiss_letters
from audit.streaming.actions.pause import pause_destination
from audit.streaming.actions.remove import remove_destination
from audit.streaming.models import DeadLetter
from audit.streaming.watching import watch_destinations
from audit.tasks.looking_after import watch
from tests.audit.streaming.places import send

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def impatient(settings):
    settings.STREAMING_ALARM_SECONDS = 0
    settings.STREAMING_ALARM_DEAD_LETTERS = 1


def alarms():
    return list(
        Alarm.objects.filter(kind="stream", lifted_at=None).values_list("about", "sentence")
    )


def refuse(destination, *numbers):
    for number in numbers:
        DeadLetter.objects.create(
            destination=destination, origin="", index=number, reason="No.", tries=3
        )


def test_a_destination_that_is_up_to_date_or_little_behind_is_none(file, log):
    log.grow(3)
    watch_destinations()
    send(file)
    refuse(file, 1, 2)
    watch_destinations()
    assert alarms() == []


def test_one_that_is_behind_raises_one_until_it_is_not(file, log, impatient):
    log.grow(3)
    for _ in range(3):
        watch_destinations()
    [(about, sentence)] = alarms()
    assert about == "siem"
    assert sentence == (
        "The destination siem lacks entries of the log that are older than 0 minutes. "
        "Does the streamer run?"
    )
    raised = Event.objects.filter(type="audit.alarm_raised")
    assert [event.facts["data"]["about"] for event in raised] == ["siem"]
    log.seal()
    send(file)
    watch_destinations()
    assert alarms() == []
    assert Event.objects.filter(type="audit.alarm_lifted").count() == 1


def test_it_says_that_it_is_paused_or_does_not_take_what_is_sent(
    webhook, receiver, log, admin, impatient
):
    receiver.answers = [(503, {}, b"")]
    log.grow(1)
    send(webhook)
    watch_destinations()
    assert "does not take what is sent" in alarms()[0][1]
    pause_destination(webhook.pk, why="maintenance", by=admin)
    watch_destinations()
    assert alarms()[0][1].endswith("It is paused.")


def test_too_many_refused_entries_raise_one_until_somebody_decides(file, log, admin, impatient):
    log.grow(1)
    send(file)
    refuse(file, 1)
    watch_destinations()
    assert alarms() == []
    refuse(file, 2)
    watch_destinations()
    [(_, sentence)] = alarms()
    assert sentence == "The destination siem refused 2 entries for good, and does not have them."
    dismiss_letters(file.pk, indexes=[2], why="It is known.", by=admin)
    watch_destinations()
    assert alarms() == []


def test_nobody_waits_for_what_was_removed_or_renamed(file, log, admin, impatient):
    log.grow(1)
    watch_destinations()
    change_destination(file.pk, {"name": "other"}, by=admin)
    watch_destinations()
    assert [about for about, _ in alarms()] == ["other"]
    remove_destination(file.pk, by=admin)
    watch_destinations()
    assert alarms() == []


def test_it_stands_on_every_page_and_in_the_metrics(file, log, admin, client, impatient):
    log.grow(1)
    watch()  # the task
    cache.delete(_KEY)
    client.force_login(admin, backend="django.contrib.auth.backends.ModelBackend")
    assert "The destination siem lacks entries" in client.get("/projects/").content.decode()
    assert (
        "The destination siem lacks entries" in client.get(reverse("audit:health")).content.decode()
    )
    assert 'audit_alarms{kind="stream"} 1' in client.get("/metrics").content.decode()
