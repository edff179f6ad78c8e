"""Somebody asks for a model to be trained again."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from audit.record import record
from catalog.errors import InvalidInput
from catalog.locking import locked
from catalog.models import User
from catalog.permissions import Permission, require
from catalog.validation import refusing_duplicates
from models_registry.audit_events import RetrainingEvent
from models_registry.cooldown import cools_until
from models_registry.errors import AlreadyAsked, CoolingDown, NotNow, NoTrigger
from models_registry.models import (
    Origin,
    RegisteredModel,
    RetrainingRequest,
    RetrainingTrigger,
)
from models_registry.queue import nudge_retraining
from models_registry.retraining_rules import require_asking, said


@transaction.atomic(durable=True)
def request_retraining(
    model: RegisteredModel,
    *,
    reason: str,
    override: str = "",
    for_monitor: bool = False,
    by: User,
) -> RetrainingRequest:
    """Let a worker have the model trained again.

    Args:
        override: why the cooldown is not waited for; only those who run the project may say so.
        for_monitor: a monitor made the service account ask.

    Raises:
        NotPermitted: with neither ``register_artifact`` nor ``manage_project``; or with an override
            and without ``manage_project``.
        InvalidInput: there is no reason, or it is too long.
        NoTrigger: nobody has said how it is trained again, or that is switched off.
        AlreadyAsked: the model has an open request.
        CoolingDown: it was trained again only lately.
        NotNow: the model was deleted in MLflow.
    """
    model = locked(model)
    project = model.registry.project
    require_asking(by, project)
    reason = said("reason", reason, what="Say why it should be trained again.")
    if override.strip():
        override = said("override", override, what="")
        require(Permission.MANAGE_PROJECT, by, project)
    origin = _origin(by, for_monitor=for_monitor)
    trigger = _trigger_of(model)
    _refuse_second(model)
    overridden = _refuse_heat(model, trigger, override)
    now = timezone.now()
    row = RetrainingRequest(
        model=model,
        trigger=trigger,
        reason=reason,
        override=override if overridden else "",
        origin=origin,
        requested_by=by,
        requested_at=now,
        try_at=now,
        expires_at=now + timedelta(seconds=trigger.timeout_seconds),
    )
    with refusing_duplicates("model", f"{model} has an open retraining request already."):
        row.save(force_insert=True)
    _record(row, by)
    nudge_retraining(row.pk)
    return row


def _record(row: RetrainingRequest, by: User) -> None:
    private = {"reason": row.reason}
    if row.override:
        private["override"] = row.override
    record(
        RetrainingEvent.REQUESTED_EARLY if row.override else RetrainingEvent.REQUESTED,
        subject=row,
        by=by,
        private=private,
        model=row.model.name,
        own_id=row.own_id,
        origin=row.origin,
        trigger=row.trigger.pk,
        tool=row.trigger.get_kind_display(),
    )


def _origin(by: User, *, for_monitor: bool) -> Origin:
    if by.is_person:
        if for_monitor:
            raise InvalidInput.of("origin", "A monitor asks with a service account's token.")
        return Origin.PERSON
    return Origin.MONITOR if for_monitor else Origin.MACHINE


def _trigger_of(model: RegisteredModel) -> RetrainingTrigger:
    if model.gone_at is not None:
        raise NotNow(f"The model {model} was deleted in MLflow, so no version could come back.")
    trigger = RetrainingTrigger.objects.of_model(model)
    if trigger is None:
        raise NoTrigger(
            f"Nobody has said yet how {model} is trained again. A project administrator names the "
            "pipeline, workflow, job or webhook to call."
        )
    if not trigger.is_active:
        raise NoTrigger(
            f"Training {model} again is switched off. A project administrator can switch it on."
        )
    return trigger


def _refuse_second(model: RegisteredModel) -> None:
    row = RetrainingRequest.objects.open().filter(model=model).first()
    if row is not None:
        raise AlreadyAsked(
            f"{row.label} for {model} is open ({row.get_state_display().lower()}); a model has one at a "
            "time. It ends when its version comes back, fails, runs out or is withdrawn.",
            extra={"open_request": row.pk},
        )


def _refuse_heat(model: RegisteredModel, trigger: RetrainingTrigger, override: str) -> bool:
    """Return whether the cooldown is overridden."""
    until: datetime | None = cools_until(model, trigger)
    if until is None:
        return False
    if override:
        return True
    raise CoolingDown(
        f"{model} was trained again only lately; the next time is possible from "
        f"{until:%Y-%m-%d %H:%M} UTC on. Who runs the project may ask before, and say why.",
        extra={"possible_from": until.isoformat().replace("+00:00", "Z")},
    )
