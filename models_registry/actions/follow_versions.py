"""Known model versions that MLflow shows otherwise than before."""

from collections.abc import Sequence

from django.db import transaction

from audit.record import record
from catalog.models import User
from models_registry.audit_events import ModelEvent
from models_registry.clients.port import VersionSeen
from models_registry.findings import find
from models_registry.leases import held
from models_registry.models import FindingKind, ModelVersion, Registry
from models_registry.returning import claim_of, link
from models_registry.snapshot import follow


@transaction.atomic(durable=True)
def follow_versions(
    registry: Registry, seen: Sequence[VersionSeen], *, holder: str, by: User
) -> None:
    """Write down what changed: tags and descriptions as an event, a stage or a source as a finding too.

    Raises:
        LeaseLost: another worker reads the registry now.
    """
    held(registry, holder)
    rows = ModelVersion.objects.filter(
        model__registry=registry,
        model__gone_at=None,
        model__name__in={each.model for each in seen},
        number__in={each.number for each in seen},
    ).select_related("model")
    known = {(row.model.name, row.number): row for row in rows}
    for each in seen:
        row = known.get((each.model, each.number))
        if row is not None and (row.fingerprint != each.fingerprint or row.gone_at):
            row.model.registry = registry
            _follow(row, each, by=by)


def _follow(row: ModelVersion, seen: VersionSeen, *, by: User) -> None:
    changed = [
        what
        for what, before, after in (
            ("its description", row.description, seen.description),
            ("its tags", row.tags, seen.tags),
            ("its status", row.status, seen.status),
        )
        if before != after
    ]
    if row.gone_at is not None:
        changed.append("it is there again")
        row.gone_at = None
    if row.stage != seen.stage:
        changed.append(f"its stage from {row.stage or 'none'} to {seen.stage or 'none'}")
        _stage_changed(row, seen, by=by)
    if (row.source, row.run_id) != (seen.source, seen.run_id):
        changed.append("where it comes from")
        _origin_changed(row, seen, by=by)
    claimed = claim_of(row)
    follow(row, seen)
    row.save(update_fields=["status", "stage", "description", "tags", "fingerprint", "gone_at"])
    if changed:
        record(ModelEvent.VERSION_CHANGED, subject=row, by=by, what=", ".join(changed))
    if claim_of(row) != claimed:
        link(row, by=by)


def _stage_changed(row: ModelVersion, seen: VersionSeen, *, by: User) -> None:
    find(
        row.model,
        FindingKind.STAGE_CHANGED,
        f"The stage of {row} was changed in MLflow from {row.stage or 'none'} to "
        f"{seen.stage or 'none'}, and not by Gatehouse.",
        by=by,
        version=row,
        before=row.stage,
        after=seen.stage,
    )


def _origin_changed(row: ModelVersion, seen: VersionSeen, *, by: User) -> None:
    find(
        row.model,
        FindingKind.VERSION_CHANGED,
        f"MLflow says now that {row} comes from somewhere else than at its intake. Gatehouse keeps what "
        "it said then.",
        by=by,
        version=row,
        before=f"{row.source} (run {row.run_id or 'none'})",
        after=f"{seen.source} (run {seen.run_id or 'none'})",
    )
