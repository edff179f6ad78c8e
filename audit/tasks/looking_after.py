"""Signs of life, verification, and checkpoints for those who keep them."""

from typing import Final

from celery import shared_task
from django.core.cache import cache
from django.db import transaction

from audit.audit_events import AuditEvent
from audit.completeness.asking import is_asked_for
from audit.completeness.progress import progress
from audit.completeness.run import verify_and_tell
from audit.completeness.watch import verification_is_due
from audit.completeness.watch import watch as watch_over
from audit.fallbacks.hand_out import hand_out as hand_out_checkpoint
from audit.fallbacks.hand_out import mail_out
from audit.itself import TheLog, the_watcher
from audit.models import Tree
from audit.origin import Origin, coming_from
from audit.record import record
from audit.streaming.watching import watch_destinations

NIGHTLY: Final = 3000
"""Seconds that a verification may take: less than after which the broker gives the task to another worker."""
_ASKED: Final = "audit:verification-asked-for"


@shared_task(name="audit.heartbeat", soft_time_limit=60)
def heartbeat() -> None:
    """Record that the portal is alive, so that silence means something."""
    with coming_from(Origin("worker")), transaction.atomic():
        size = Tree.objects.values_list("size", flat=True).get()
        record(AuditEvent.HEARTBEAT, subject=TheLog(), by=the_watcher(), events=size)


@shared_task(name="audit.watch", soft_time_limit=60)
def watch() -> None:
    """Raise and lift alarms; make up for a night in which nobody verified."""
    with coming_from(Origin("worker")):
        watch_over()
        watch_destinations()
    is_wanted = verification_is_due() or is_asked_for()
    if is_wanted and progress() is None and cache.add(_ASKED, 1, NIGHTLY):
        verify.delay()


@shared_task(name="audit.verify", soft_time_limit=NIGHTLY, time_limit=NIGHTLY + 60)
def verify(_request: int | None = None) -> None:
    """Verify the whole log and compare it with the tables; perhaps because an event asks for it."""
    with coming_from(Origin("worker")):
        verify_and_tell()


@shared_task(name="audit.hand_out_checkpoint", soft_time_limit=300)
def hand_out() -> None:
    """Give the newest checkpoint to the Git repository and the store."""
    with coming_from(Origin("worker")):
        hand_out_checkpoint()


@shared_task(name="audit.mail_checkpoint", soft_time_limit=300)
def mail() -> None:
    """Send the newest checkpoint to those who keep it."""
    with coming_from(Origin("worker")):
        mail_out()
