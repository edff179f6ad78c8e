"""Verify and tell: the row, the event, the alarm."""

from typing import Final

from django.db import connection, transaction

from audit.audit_events import AuditEvent
from audit.completeness.alarms import lift_alarm, raise_alarm
from audit.completeness.models import AlarmKind, VerificationRun
from audit.completeness.progress import forget
from audit.completeness.reconciliation import reconcile
from audit.completeness.verification import LONGEST, Verification, verify_log
from audit.itself import TheLog, the_watcher
from audit.record import record

LONGEST_SENTENCE: Final = 2000


def verify_and_tell(*, with_files: bool = True) -> VerificationRun:
    """Verify the whole log and compare it with the tables; leave a row, an event, and an alarm or none.

    Raises:
        RuntimeError: there is a transaction already.
        DatabaseError: the database does not answer.
    """
    result = verify_log(with_files=with_files)
    result.findings += _differences()
    forget()
    with transaction.atomic(durable=True):
        run = VerificationRun.objects.create(
            origin=result.origin,
            started_at=result.started_at,
            ok=result.ok,
            size=result.size,
            root=result.root.hex(),
            checkpoints=result.checkpoints,
            findings=result.findings,
        )
        _tell(result)
    return run


def _differences() -> list[str]:
    """Return what tables and log say otherwise; the limit of a web request is none of a whole log's."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute(f"SET LOCAL statement_timeout = '{LONGEST}'")
        return [finding.sentence for finding in reconcile() if not finding.ok]


def _tell(result: Verification) -> None:
    if result.ok:
        record(
            AuditEvent.VERIFIED,
            subject=TheLog(),
            by=the_watcher(),
            entries=result.size,
            checkpoints=result.checkpoints,
            root=result.root.hex(),
        )
        lift_alarm(AlarmKind.VERIFICATION, f"All {result.size} entries were verified.")
        return
    why = " ".join(result.findings)[:LONGEST_SENTENCE]
    record(
        AuditEvent.VERIFICATION_FAILED,
        subject=TheLog(),
        by=the_watcher(),
        outcome="failure",
        why=why,
        entries=result.size,
    )
    raise_alarm(AlarmKind.VERIFICATION, f"The audit log does not verify: {why}")
