"""Remove what is older than its class allows, under an event of the log; what is held stays.

The event is recorded in the transaction that removes the rows. Of files, the event comes first and the rows
say what was pruned; the files go afterwards, and a worker that dies leaves the rest to the next run.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from django.db import connection, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from audit.itself import TheLog, the_watcher
from audit.packs.erasure import remove_files_of_removed_packs
from audit.packs.models import Pack, PackState
from audit.privacy.events import PrivacyEvent
from audit.privacy.holds import KEPT_EVENTS, held, keep_holds_as_they_are
from audit.privacy.models import HoldKind, Pruning
from audit.privacy.retention import RetentionClass, retention_classes
from audit.record import record
from audit.times import in_utc

AT_ONCE: Final = 5000
"""Pieces that one transaction removes."""

MOST_BATCHES: Final = 200
"""Transactions of one run; the next run goes on."""


@dataclass(frozen=True)
class Pruned:
    """What one batch removed.

    Attributes:
        number: how many pieces; fewer than asked for when nothing is left.
        facts: what the event says of them besides.
    """

    number: int
    facts: Mapping[str, Any] = field(default_factory=dict)


class Pruner(Protocol):
    """Removes the oldest pieces of a class that are not held, in the transaction of the event."""

    def __call__(self, kept: RetentionClass, before: datetime, most: int, /) -> Pruned:
        """Remove at most so many."""


def prune_everything() -> int:
    """Remove what is over in every class; return how many pieces that was."""
    return sum(prune(kept) for kept in retention_classes() if kept.days is not None)


def prune(kept: RetentionClass) -> int:
    """Remove what is over in a class, batch by batch, each with its event."""
    if kept.days is None:
        return 0
    before = timezone.now() - timedelta(days=kept.days)
    total = 0
    for _ in range(MOST_BATCHES):
        number = _prune_batch(kept, before)
        total += number
        if number < AT_ONCE:
            break
    return total


@transaction.atomic(durable=True)
def _prune_batch(kept: RetentionClass, before: datetime) -> int:
    # One at a time, so that nothing is told of twice; and no hold is placed meanwhile.
    keep_holds_as_they_are(alone=True)
    pruner: Pruner = import_string(kept.pruner)
    pruned = pruner(kept, before, AT_ONCE)
    if pruned.number:
        receipt = record(
            PrivacyEvent.PRUNED,
            subject=TheLog(),
            by=the_watcher(),
            name=kept.name,
            title=kept.title,
            before=in_utc(before),
            until=f"{before:%Y-%m-%d}",
            number=pruned.number,
            days=kept.days,
            **pruned.facts,
        )
        Pruning.objects.create(
            name=kept.name, before=before, counts={"number": pruned.number}, event=receipt.event_id
        )
    return pruned.number


_FIELDS: Final = f"""
WITH found AS MATERIALIZED (
    SELECT d.event_id FROM audit_disclosure d JOIN audit_event e ON e.id = d.event_id
    WHERE e.recorded_at < %(before)s
        AND EXISTS (SELECT FROM jsonb_each(d.sealed) owner WHERE owner.value ?| %(fields)s)
        AND NOT {KEPT_EVENTS}
    ORDER BY d.event_id LIMIT %(most)s
), gone AS (
    DELETE FROM audit_disclosure d USING found f WHERE d.event_id = f.event_id
    RETURNING d.event_id, d.sealed
), kept AS (
    INSERT INTO audit_disclosure (event_id, sealed)
    SELECT event_id, (SELECT jsonb_object_agg(key, value - %(fields)s::text[]) FROM jsonb_each(sealed))
    FROM gone RETURNING event_id
)
SELECT count(*), min(event_id), max(event_id) FROM gone
"""  # noqa: S608 -- composed of constants; what varies is a parameter


def prune_fields(kept: RetentionClass, before: datetime, most: int) -> Pruned:
    """Remove private values of some fields; their commitments stay in the entries."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '10min'")
        cursor.execute(_FIELDS, {"before": before, "fields": list(kept.fields), "most": most})
        number, first, last = cursor.fetchone()
    facts = {"fields": list(kept.fields), "first_event": first, "last_event": last}
    return Pruned(number, facts if number else {})


def prune_packs(_kept: RetentionClass, before: datetime, most: int) -> Pruned:
    """Remove the files of packs. A pack of a project that is held stays, and one of all while anything is."""
    packs = Pack.objects.filter(state=PackState.READY, finished_at__lt=before, removed_at=None)
    if any(held(kind) for kind in HoldKind):
        projects = set(held(HoldKind.PROJECT))
        others = any(held(kind) for kind in (HoldKind.SUBJECT, HoldKind.CHANGE_REQUEST))
        packs = (
            packs.none() if others else packs.exclude(project__in=projects).exclude(project=None)
        )
    chosen = list(packs.order_by("pk")[:most])
    now = timezone.now()
    for pack in chosen:
        pack.removed_at = now
    Pack.objects.bulk_update(chosen, ["removed_at"])
    transaction.on_commit(remove_files_of_removed_packs, robust=True)
    return Pruned(len(chosen), {"packs": [pack.pk for pack in chosen]} if chosen else {})
