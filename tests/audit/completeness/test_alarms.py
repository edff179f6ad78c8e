"""An alarm is raised once, recorded, and stays open until it is lifted."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from audit.completeness.alarms import lift_alarm, open_alarms, raise_alarm
from audit.completeness.models import Alarm, AlarmKind, VerificationRun
from audit.models import Event

pytestmark = pytest.mark.django_db


def events():
    return list(Event.objects.order_by("pk").values_list("type", "facts__outcome"))


def test_an_alarm_leaves_an_event():
    raise_alarm(AlarmKind.WITNESS, "It holds more.", about="w1")
    assert events() == [("audit.alarm_raised", "failure")]
    assert [alarm.sentence for alarm in open_alarms()] == ["It holds more."]


def test_the_same_alarm_again_changes_its_sentence_only():
    raise_alarm(AlarmKind.WITNESS, "It holds 7.", about="w1")
    raise_alarm(AlarmKind.WITNESS, "It holds 9.", about="w1")
    assert [alarm.sentence for alarm in open_alarms()] == ["It holds 9."]
    assert len(events()) == 1


def test_alarms_about_two_things_are_two():
    raise_alarm(AlarmKind.WITNESS, "It holds 7.", about="w1")
    raise_alarm(AlarmKind.WITNESS, "It holds 7.", about="w2")
    raise_alarm(AlarmKind.SILENCE, "Nothing happened.")
    assert len(open_alarms()) == 3


def test_a_lifted_alarm_says_why_and_may_be_raised_again():
    raise_alarm(AlarmKind.WITNESS, "It holds 7.", about="w1")
    lift_alarm(AlarmKind.WITNESS, "It cosigned 8.", about="w1")
    assert open_alarms() == []
    assert Alarm.objects.get().lifted_because == "It cosigned 8."
    raise_alarm(AlarmKind.WITNESS, "It holds 9.", about="w1")
    assert [kind for kind, _ in events()] == [
        "audit.alarm_raised",
        "audit.alarm_lifted",
        "audit.alarm_raised",
    ]


def test_to_lift_what_is_not_raised_is_nothing():
    lift_alarm(AlarmKind.WITNESS, "It cosigned 8.", about="w1")
    assert events() == []


@pytest.mark.parametrize("statement", ["UPDATE {} SET ok = true", "DELETE FROM {}"])
def test_what_a_verification_found_cannot_be_changed(statement):
    VerificationRun.objects.create(
        origin="o", started_at=timezone.now(), ok=False, size=1, root="", checkpoints=0
    )
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format("audit_verificationrun"))
