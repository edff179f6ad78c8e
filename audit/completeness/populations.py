"""The log's own rows and the events that they left: an alarm is not lifted in silence."""

from typing import Any, Final

from django.db.models import CharField, QuerySet, Value

from audit.audit_events import AuditEvent
from audit.completeness.models import Alarm, VerificationRun
from audit.completeness.reconciliation import Population
from audit.itself import TheLog


def in_own_stream(rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    """Return the log's own stream for each of the rows."""
    return rows.values_list(Value(TheLog().audit_stream, output_field=CharField()))


POPULATIONS: Final = [
    Population(
        "Verifications of the log",
        lambda: in_own_stream(VerificationRun.objects.all()),
        [AuditEvent.VERIFIED, AuditEvent.VERIFICATION_FAILED],
    ),
    Population(
        "Alarms about the log",
        lambda: in_own_stream(Alarm.objects.all()),
        [AuditEvent.ALARM_RAISED],
    ),
    Population(
        "Lifted alarms about the log",
        lambda: in_own_stream(Alarm.objects.exclude(lifted_at=None)),
        [AuditEvent.ALARM_LIFTED],
    ),
]
