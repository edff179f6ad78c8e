"""What the log says when names and texts go; whoever removes some without it is refused at commit."""

from audit.itself import TheLog
from audit.privacy.events import PrivacyEvent
from audit.record import record
from tests.audit.conftest import Somebody


def say_pruned():
    """Inside the transaction of the removal."""
    record(
        PrivacyEvent.PRUNED, subject=TheLog(), by=Somebody(), title="Names", until="today", number=1
    )


def say_erased(subject):
    """Before the subject's key is destroyed."""
    record(PrivacyEvent.ERASED, subject=TheLog(), by=Somebody(), subject_id=subject, commitments=0)
