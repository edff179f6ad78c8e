"""Record that somebody read the log: once an hour for each account, way and project."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any

from django.db import transaction

from audit.asked import asked_of, in_words
from audit.audit_events import AuditEvent
from audit.itself import TheLog
from audit.readings import is_remembered, remember
from audit.record import Actor, record


class Way(StrEnum):
    """How it was read. What is exported or taken away in a pack leaves events of its own."""

    PAGES = "pages"
    API = "REST API"
    ENTRY_FILES = "published entries"


def record_reading(
    way: Way, *, by: Any, wanted: Mapping[str, Any] | None = None, project: str | None = None
) -> None:
    """Record the reading, unless the same was recorded within the hour.

    Call it when the answer is ready and before it leaves: who cannot be recorded gets no answer.

    Args:
        way: how.
        by: the account that reads.
        wanted: what it asked for, as ``EventFilter`` cleans it; the words of a search are kept apart.
        project: whose part of the log it is; None when it is of several.

    Raises:
        DatabaseError: it cannot be recorded.
    """
    # What was typed may be no slug at all, and not every cache takes every character.
    place = hashlib.sha256(project.encode()).hexdigest() if project else ""
    key = f"audit:read:{by.pk}:{way.name}:{place}"
    if is_remembered(key):
        return
    _record(way, wanted or {}, project, by=by)
    remember(key)


@transaction.atomic(durable=True)
def _record(way: Way, wanted: Mapping[str, Any], project: str | None, *, by: Actor) -> None:
    asked, words = asked_of(wanted), wanted.get("text")
    record(
        AuditEvent.READ,
        subject=replace(TheLog(), audit_project=project),
        by=by,
        private={"words": words} if words else {},
        way=str(way),
        scope=in_words(asked, has_words=bool(words)),
        asked=asked,
    )
