"""The bytes of reports, for those who read them one by one and for evidence packs."""

from typing import IO

from releases.errors import EvidenceLost
from releases.models import Evidence
from releases.storage import open_bytes


def open_report(evidence: Evidence) -> IO[bytes]:
    """Open the raw bytes of a report.

    Raises:
        EvidenceLost: they were removed when their time was over, or are lost.
    """
    if evidence.pruned_at and not Evidence.objects.filter(sha256=evidence.sha256, pruned_at=None):
        raise EvidenceLost(
            f"The report was removed on {evidence.pruned_at:%d %B %Y}, when the time for which reports are "
            f"kept was over. Its facts and its SHA-256, {evidence.sha256}, stay on record."
        )
    return open_bytes(evidence.sha256)


def open_attachment(sha256: str) -> IO[bytes]:
    """Open what an entry names; settings.AUDIT_ATTACHMENTS names this function.

    Raises:
        FileNotFoundError: it was removed or is lost.
    """
    try:
        return open_bytes(sha256)
    except EvidenceLost as error:
        raise FileNotFoundError(error.sentence) from error
