"""Ask for a verification of the whole log now. The event is the request; the message is a nudge."""

from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from audit.audit_events import AuditEvent
from audit.completeness.models import VerificationRun
from audit.itself import TheLog
from audit.models import Event
from audit.reach import reach_of
from audit.record import record

VERIFY: Final = "audit.verify"


class MayNotAsk(Exception):
    """The account does not read the whole log; the message is a sentence."""


def is_asked_for() -> bool:
    """Whether somebody asked for a verification, and none has ended since."""
    asked = Event.objects.filter(type=AuditEvent.VERIFICATION_REQUESTED).order_by("-pk")
    newest = asked.values_list("recorded_at", flat=True).first()
    return (
        newest is not None and not VerificationRun.objects.filter(finished_at__gte=newest).exists()
    )


@transaction.atomic(durable=True)
def ask_verification(*, by: Any) -> bool:
    """Ask for it; return whether it was not asked for already.

    Raises:
        MayNotAsk: the account does not read the whole log.
    """
    if not reach_of(by).whole:
        raise MayNotAsk(
            "The whole log is verified for those who read it: that needs the portal permission "
            "'view_whole_audit'."
        )
    if is_asked_for():
        return False
    receipt = record(AuditEvent.VERIFICATION_REQUESTED, subject=TheLog(), by=by)
    import_string(settings.AUDIT_NUDGE)(VERIFY, receipt.event_id)
    return True
