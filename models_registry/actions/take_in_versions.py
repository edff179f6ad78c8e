"""New model versions: what MLflow says of them and of their runs is kept before it can be redacted."""

from collections.abc import Mapping, Sequence

from django.db import transaction

from audit.record import record
from catalog.models import User
from models_registry.audit_events import ModelEvent
from models_registry.clients.port import RunSeen, VersionSeen
from models_registry.leases import held
from models_registry.models import ModelVersion, RegisteredModel, Registry
from models_registry.queue import nudge_files
from models_registry.returning import link
from models_registry.snapshot import version_row


@transaction.atomic(durable=True)
def take_in_versions(
    registry: Registry,
    seen: Sequence[VersionSeen],
    runs: Mapping[str, RunSeen],
    *,
    holder: str,
    by: User,
) -> int:
    """Take in those versions that are not known yet; return how many there were.

    Each becomes an artifact version when its digest is known: a worker is asked to read its files.

    Raises:
        LeaseLost: another worker reads the registry now.
    """
    held(registry, holder)
    models = _models(registry, seen)
    known = set(
        ModelVersion.objects.filter(model__in=models.values()).values_list("model_id", "number")
    )
    rows = [
        version_row(model, each, runs.get(each.run_id))
        for each in seen
        if (model := models.get(each.model)) and (model.pk, each.number) not in known
    ]
    ModelVersion.objects.bulk_create(rows)
    for row in rows:
        record(
            ModelEvent.VERSION_TAKEN_IN,
            subject=row,
            by=by,
            private=_people(row),
            run=row.run_id,
            source=row.source,
            commit=row.git_commit,
            snapshot=row.snapshot_digest,
        )
        link(row, by=by)
    if rows:
        nudge_files(registry.pk)
    return len(rows)


def _models(registry: Registry, seen: Sequence[VersionSeen]) -> dict[str, RegisteredModel]:
    names = {each.model for each in seen}
    rows = RegisteredModel.objects.filter(registry=registry, gone_at=None, name__in=names)
    models = {row.name: row for row in rows}
    for row in models.values():
        row.registry = registry
    return models


def _people(row: ModelVersion) -> dict[str, str]:
    people = {"trained_by": row.trained_by, "registered_by": row.registered_by}
    return {role: name for role, name in people.items() if name}
