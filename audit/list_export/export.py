"""Export what a filter finds, and record it: before the first byte, and after the last."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction

from audit.asked import asked_of, in_words
from audit.itself import TheLog
from audit.list_export.events import ExportEvent
from audit.list_export.lines import Format, lines_of
from audit.log import found_within
from audit.models import Event
from audit.origin import coming_from, current_origin
from audit.reach import Reach
from audit.record import Actor, record


@dataclass(frozen=True)
class Export:
    """One file, begun."""

    chunks: Iterator[bytes]
    file_name: str


def begin_export(wanted: Mapping[str, Any], reach: Reach, kind: Format, *, by: Any) -> Export:
    """Record that the export begins, and return its bytes, to be streamed.

    Args:
        wanted: ``EventFilter``'s.
        reach: the reader's; nothing else is exported.
        kind: of the file.
        by: an account.
    """
    actor: Actor = by
    subject = replace(TheLog(), audit_project=wanted.get("project") or None)
    words = {"words": wanted["text"]} if wanted.get("text") else {}
    asked = asked_of(wanted)
    newest = Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    with transaction.atomic(durable=True):
        receipt = record(
            ExportEvent.BEGUN,
            subject=subject,
            by=actor,
            private=words,
            format=kind.name,
            scope=in_words(asked, has_words=bool(words)),
            asked=asked,
        )
    found = found_within(reach, wanted)
    origin = current_origin()

    def chunks() -> Iterator[bytes]:
        digest, rows = hashlib.sha256(kind.head), 0
        yield kind.head
        for number, lines in lines_of(found, kind, newest):
            digest.update(lines)
            rows += number
            yield lines
        with coming_from(origin), transaction.atomic(durable=True):
            record(
                ExportEvent.FINISHED,
                subject=subject,
                by=actor,
                format=kind.name,
                rows=rows,
                sha256=digest.hexdigest(),
                begun=receipt.event_id,
            )

    return Export(chunks(), f"audit-log-{receipt.event_id}.{kind.name}")
