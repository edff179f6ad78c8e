"""The log's own way: the event in the transaction of the change."""

from collections.abc import Callable
from typing import Any

from audit.names import EventName
from audit.record import record
from benchmarks.peers.flat.models import Fields
from catalog.models import the_portal


class Benched(EventName):
    """What happens here."""

    CHANGED = "bench.changed", "{actor} changed {object} of {project} from {before} to {after}."


class _Subject:
    def __init__(self, row: Fields) -> None:
        self.audit_stream = f"flat/{row.pk}"
        self.audit_object: dict[str, Any] = {"type": "flat", "id": row.pk, "label": str(row)}
        self.audit_project: str | None = "service-1"


def keeping() -> Callable[[Fields, str], None]:
    """Return what records a change of the row."""
    by = the_portal()

    def keep(row: Fields, before: str) -> None:
        record(Benched.CHANGED, subject=_Subject(row), by=by, before=before, after=row.state)

    return keep
