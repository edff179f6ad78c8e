"""How the log itself is: whether what is recorded also gets its place in the tree."""

from datetime import datetime, timedelta
from typing import Final

from audit.doctor.finding import rows

OK: Final = "ok"
PATIENCE: Final = timedelta(seconds=10)

_STANDING: Final = """
SELECT (SELECT reason FROM audit_halt ORDER BY id LIMIT 1),
       (SELECT sequenced_at FROM audit_tree),
       (SELECT e.recorded_at FROM audit_pending p JOIN audit_event e ON e.id = p.event_id
        ORDER BY p.event_id LIMIT 1),
       clock_timestamp()
"""


def sequencing() -> str:
    """Return ``ok``, or why recorded events do not get their place in the tree."""
    ((halted, sequenced_at, oldest, now),) = rows(_STANDING)
    if halted:
        return str(halted)
    if oldest is None or _is_recent(oldest, now) or _is_recent(sequenced_at, now):
        return OK
    return "Recorded events wait for their place in the log, and no sequencer gives it to them."


def _is_recent(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and now - moment < PATIENCE
