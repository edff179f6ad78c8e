"""Raise an alarm and lift it, each with its event."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from audit.audit_events import AuditEvent
from audit.completeness.models import Alarm
from audit.itself import TheLog, the_watcher
from audit.record import record


def raise_alarm(kind: str, sentence: str, *, about: str = "") -> Alarm:
    """Say that something is wrong, once: an alarm that is open stays as it is, with its newest sentence."""
    with transaction.atomic():
        alarm, is_new = Alarm.objects.select_for_update().get_or_create(
            kind=kind, about=about, lifted_at=None, defaults={"sentence": sentence}
        )
        if is_new:
            _record(AuditEvent.ALARM_RAISED, sentence, alarm, outcome="failure")
        elif alarm.sentence != sentence:
            alarm.sentence = sentence
            alarm.save(update_fields=["sentence"])
    return alarm


def lift_alarm(kind: str, because: str, *, about: str = "", now: datetime | None = None) -> None:
    """Say that it is right again, if there is an alarm about it."""
    if not Alarm.objects.filter(kind=kind, about=about, lifted_at=None).exists():
        return
    with transaction.atomic():
        for alarm in Alarm.objects.select_for_update().filter(
            kind=kind, about=about, lifted_at=None
        ):
            alarm.lifted_at = now or timezone.now()
            alarm.lifted_because = because
            alarm.save(update_fields=["lifted_at", "lifted_because"])
            _record(AuditEvent.ALARM_LIFTED, because, alarm)


def open_alarms() -> list[Alarm]:
    """Return what is wrong now, oldest first."""
    return list(Alarm.objects.filter(lifted_at=None).order_by("pk"))


def _record(name: AuditEvent, why: str, alarm: Alarm, *, outcome: str = "success") -> None:
    record(
        name,
        subject=TheLog(),
        by=the_watcher(),
        outcome=outcome,
        why=why,
        alarm=alarm.pk,
        kind=str(alarm.kind),
        about=alarm.about,
    )
