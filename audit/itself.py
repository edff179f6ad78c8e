"""The log as the subject of its own events."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from audit.record import Actor


@dataclass(frozen=True)
class TheLog:
    """What events about the log itself are about; their stream is ``audit-log/1``."""

    audit_project: str | None = None

    @property
    def audit_stream(self) -> str:
        """The stream of its events, over all incarnations of the tree."""
        return "audit-log/1"

    @property
    def audit_object(self) -> dict[str, Any]:
        """Its identity in an entry."""
        return {"type": "audit-log", "id": 1, "label": "audit log"}


def the_watcher() -> Actor:
    """Return who acts when the log looks after itself; settings.AUDIT_ACTOR names the function."""
    actor: Actor = import_string(settings.AUDIT_ACTOR)()
    return actor
