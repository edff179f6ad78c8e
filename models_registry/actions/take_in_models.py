"""Registered models as MLflow shows them now: new ones become artifacts, changes are written down."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from audit.record import record
from catalog.models import Artifact, ArtifactKind, User
from models_registry.aliases import environment_of, ordered_last
from models_registry.audit_events import ModelEvent
from models_registry.clients.port import ModelSeen
from models_registry.findings import find
from models_registry.leases import held
from models_registry.models import FindingKind, ModelVersion, RegisteredModel, Registry
from models_registry.naming import artifact_name


@transaction.atomic(durable=True)
def take_in_models(registry: Registry, seen: Sequence[ModelSeen], *, holder: str, by: User) -> None:
    """Compare some models with what is known of them. The same again changes nothing.

    Raises:
        LeaseLost: another worker reads the registry now.
    """
    held(registry, holder)
    rows = RegisteredModel.objects.filter(
        registry=registry, gone_at=None, name__in=[each.name for each in seen]
    )
    known = {row.name: row for row in rows}
    for each in seen:
        row = known.get(each.name)
        if row is not None:
            row.registry = registry
            if _is_another(row, each):
                _replaced(row, by=by)
                row = None
        if row is None:
            _take_in(registry, each, by=by)
        elif row.fingerprint != each.fingerprint:
            _follow(row, each, by=by)


@transaction.atomic(durable=True)
def rename_model(model: RegisteredModel, seen: ModelSeen, *, holder: str, by: User) -> None:
    """MLflow calls the model otherwise now. Here it stays the same thing, and keeps its artifact."""
    held(model.registry, holder)
    _rename(model, model.name, seen.name, by=by)


@transaction.atomic(durable=True)
def swap_names(one: RegisteredModel, other: RegisteredModel, *, holder: str, by: User) -> None:
    """In MLflow each of two models has the other's name now. Here both stay the same things."""
    held(one.registry, holder)
    first, second = one.name, other.name
    # No two models of a registry have one name at a time; no name in MLflow has a colon.
    one.name = f":{one.pk}"
    one.save(update_fields=["name"])
    _rename(other, second, first, by=by)
    _rename(one, first, second, by=by)


def _rename(model: RegisteredModel, before: str, after: str, *, by: User) -> None:
    model.name = after
    model.former_names = [*model.former_names, before]
    model.save(update_fields=["name", "former_names"])
    find(
        model,
        FindingKind.MODEL_RENAMED,
        f"The model {before} is called {after} in MLflow now. Here it stays the same artifact.",
        by=by,
        before=before,
        after=after,
    )


def _is_another(row: RegisteredModel, seen: ModelSeen) -> bool:
    """Return whether the name stands for a model that was made later: the old one was deleted."""
    before, now = row.created_in_mlflow_at, seen.created_at
    return before is not None and now is not None and before != now


def _replaced(row: RegisteredModel, *, by: User) -> None:
    now = timezone.now()
    row.gone_at = now
    row.save(update_fields=["gone_at"])
    ModelVersion.objects.filter(model=row, gone_at=None).update(gone_at=now)
    find(
        row,
        FindingKind.NUMBER_REUSED,
        f"The model {row.name} was deleted in MLflow, and another model has its name now. Everything "
        "that was taken in of the first one stays; the other is a new artifact.",
        by=by,
    )


def _take_in(registry: Registry, seen: ModelSeen, *, by: User) -> RegisteredModel:
    artifact = Artifact.objects.create(
        project_id=registry.project_id,
        name=artifact_name(registry, seen.name),
        kind=ArtifactKind.MODEL,
    )
    model = RegisteredModel(
        registry=registry,
        artifact=artifact,
        name=seen.name,
        created_in_mlflow_at=seen.created_at,
    )
    _write(model, seen)
    model.save(force_insert=True)
    record(
        ModelEvent.MODEL_TAKEN_IN,
        subject=model,
        by=by,
        artifact=artifact.name,
        registry=registry.name,
        aliases=[f"{alias} → {number}" for alias, number in sorted(seen.aliases.items())],
    )
    return model


def _follow(model: RegisteredModel, seen: ModelSeen, *, by: User) -> None:
    before, changed = dict(model.aliases), []
    if model.description != seen.description:
        changed.append("its description")
    if model.tags != seen.tags:
        changed.append("its tags")
    _write(model, seen)
    model.save(update_fields=["description", "tags", "aliases", "fingerprint"])
    for alias in sorted(before.keys() | seen.aliases.keys()):
        was, now = before.get(alias), seen.aliases.get(alias)
        if was != now:
            changed.append(f"the alias {alias} from {was or 'nothing'} to {now or 'nothing'}")
            _judge_alias(model, alias, was, now, by=by)
    if changed:
        record(ModelEvent.MODEL_CHANGED, subject=model, by=by, what=", ".join(changed))


def _judge_alias(
    model: RegisteredModel, alias: str, was: int | None, now: int | None, *, by: User
) -> None:
    """Open a finding unless the portal itself asked for this."""
    ours = ordered_last(model, alias)
    if ours is not None and ours.version.number == now:
        return
    if was is None:
        kind, what = FindingKind.ALIAS_SET, f"was set to version {now}"
    elif now is None:
        kind, what = FindingKind.ALIAS_REMOVED, f"was taken from version {was}"
    else:
        kind, what = FindingKind.ALIAS_MOVED, f"was moved from version {was} to version {now}"
    number = now or was or 0
    version = ModelVersion.objects.filter(model=model, number=number).first()
    find(
        model,
        kind,
        f"The alias {alias} of {model.name} {what} in MLflow, and not by Gatehouse.",
        by=by,
        version=version,
        environment=environment_of(model, alias),
        alias=alias,
        before=was,
        after=now,
    )


def _write(model: RegisteredModel, seen: ModelSeen) -> None:
    model.description, model.tags = seen.description, seen.tags
    model.aliases, model.fingerprint = seen.aliases, seen.fingerprint
