"""How a model, or every model of a project, is trained again."""

import re
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from django.db import transaction

from audit.outgoing import OutgoingRefused, check_url
from audit.record import record
from catalog.locking import locked
from catalog.models import Project, User
from catalog.permissions import Permission, require
from catalog.validation import check_fields, in_words, refusing_duplicates
from models_registry.actions.create_registry import refuse_literal
from models_registry.audit_events import RetrainingEvent
from models_registry.errors import TriggerUnfit
from models_registry.models import RegisteredModel, RetrainingTrigger, TriggerKind

FIELDS: Final = (
    "kind", "address", "ref", "secret", "parameters", "cooldown_seconds", "timeout_seconds", "is_active",
)  # fmt: skip
MOST_PARAMETERS: Final = 20
LONGEST_VALUE: Final = 1000
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_RESERVED: Final = "gatehouse_"
_PATHS: Final = {
    TriggerKind.GITLAB: (
        re.compile(r".*/api/v4/projects/[^/]+\Z"),
        "https://gitlab.example.com/api/v4/projects/42",
    ),
    TriggerKind.GITHUB: (
        re.compile(r".*/repos/[^/]+/[^/]+/actions/workflows/[^/]+\Z"),
        "https://api.github.com/repos/acme/credit/actions/workflows/train.yml",
    ),
    TriggerKind.JENKINS: (
        re.compile(r".*?(/job/[^/]+)+\Z"),
        "https://jenkins.example.com/job/models/job/train-credit",
    ),
    TriggerKind.AIRFLOW: (
        re.compile(r".*/api/v[12]/dags/[^/]+\Z"),
        "https://airflow.example.com/api/v2/dags/train_credit",
    ),
}
_GITLAB: Final = (TriggerKind.GITLAB, TriggerKind.GITLAB_INPUTS, TriggerKind.GITLAB_TRIGGER)
_PATHS.update(dict.fromkeys(_GITLAB, _PATHS[TriggerKind.GITLAB]))
_WITH_REF: Final = (*_GITLAB, TriggerKind.GITHUB)


@dataclass(frozen=True, kw_only=True)
class TriggerSpec:
    """What a trigger is to be; the fields are those of :class:`RetrainingTrigger`."""

    kind: str
    address: str
    ref: str = ""
    secret: str = ""
    parameters: dict[str, str] = field(default_factory=dict)
    cooldown_seconds: int = 6 * 3600
    timeout_seconds: int = 24 * 3600
    is_active: bool = True


@transaction.atomic(durable=True)
def create_trigger(
    project: Project, model: RegisteredModel | None, spec: TriggerSpec, *, by: User
) -> RetrainingTrigger:
    """Say how the model is trained again; without a model, all that have no trigger of their own.

    Raises:
        NotPermitted: without ``manage_project``.
        TriggerUnfit, InvalidInput: a field does not fit.
        AlreadyExists: there is one already.
    """
    project = locked(project)
    require(Permission.MANAGE_PROJECT, by, project)
    if model is not None and model.registry.project_id != project.pk:
        raise TriggerUnfit.of("model", f"The project {project} has no such model.")
    trigger = RetrainingTrigger(project=project, model=model, created_by=by)
    _fill(trigger, spec)
    _check(trigger)
    with refusing_duplicates("model", f"There is a trigger for {trigger.whose} already."):
        trigger.save(force_insert=True)
    record(
        RetrainingEvent.TRIGGER_CREATED,
        subject=trigger,
        by=by,
        whose=trigger.whose,
        kind=trigger.get_kind_display(),
        host=check_url(trigger.address),
        **_settings(trigger),
    )
    return trigger


@transaction.atomic(durable=True)
def change_trigger(trigger: RetrainingTrigger, spec: TriggerSpec, *, by: User) -> RetrainingTrigger:
    """Change it; open requests go on with what it is then. The same again changes nothing.

    Raises:
        NotPermitted: without ``manage_project``.
        TriggerUnfit, InvalidInput: a field does not fit.
    """
    project = locked(trigger.project)
    require(Permission.MANAGE_PROJECT, by, project)
    trigger = locked(trigger)
    before = {name: getattr(trigger, name) for name in FIELDS}
    _fill(trigger, spec)
    _check(trigger)
    changed = {
        name: [was, getattr(trigger, name)]
        for name, was in before.items()
        if was != getattr(trigger, name)
    }
    if not changed:
        return trigger
    trigger.save(update_fields=FIELDS)
    record(
        RetrainingEvent.TRIGGER_CHANGED,
        subject=trigger,
        by=by,
        whose=trigger.whose,
        what=in_words({name: [_plain(a), _plain(b)] for name, (a, b) in changed.items()}),
        **_settings(trigger),
    )
    return trigger


def _fill(trigger: RetrainingTrigger, spec: TriggerSpec) -> None:
    for name in FIELDS:
        setattr(trigger, name, getattr(spec, name))
    if trigger.kind != TriggerKind.WEBHOOK:
        trigger.address = trigger.address.rstrip("/")
    if trigger.kind not in _WITH_REF:
        trigger.ref = ""


def _check(trigger: RetrainingTrigger) -> None:
    check_fields(trigger, "kind", "address", "ref", "secret", "cooldown_seconds", "timeout_seconds")
    _check_address(trigger)
    if trigger.kind in _WITH_REF and not trigger.ref:
        raise TriggerUnfit.of("ref", "Name the branch or tag whose pipeline is run, such as main.")
    slug = trigger.project.slug
    if trigger.secret != slug and not trigger.secret.startswith(f"{slug}."):
        raise TriggerUnfit.of(
            "secret",
            f"Name the file that holds the secret; its name is {slug!r} or begins with '{slug}.', so "
            "that no project uses another's.",
        )
    _check_parameters(trigger.parameters)


def _check_address(trigger: RetrainingTrigger) -> None:
    """Refuse what can be known to be wrong without looking the name up; the worker does that each time."""
    try:
        refuse_literal(check_url(trigger.address))
    except OutgoingRefused as refusal:
        raise TriggerUnfit.of("address", refusal.sentence) from refusal
    parts = urlsplit(trigger.address)
    form, example = _PATHS.get(TriggerKind(trigger.kind), (None, ""))
    if form is not None and (not form.match(parts.path) or parts.query or ".." in parts.path):
        raise TriggerUnfit.of(
            "address",
            f"For a {trigger.get_kind_display()} use an address like {example}.",
        )


def _check_parameters(given: object) -> None:
    if not isinstance(given, dict) or len(given) > MOST_PARAMETERS:
        raise TriggerUnfit.of(
            "parameters", f"Use at most {MOST_PARAMETERS} names with a text each."
        )
    for name, value in given.items():
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise TriggerUnfit.of(
                "parameters", f"{name!r:.80} is no name: use letters, digits and underscores."
            )
        if name.lower().startswith(_RESERVED):
            raise TriggerUnfit.of(
                "parameters", f"Names that begin with {_RESERVED} are Gatehouse's own: {name}."
            )
        if not isinstance(value, str) or len(value) > LONGEST_VALUE or not value.isprintable():
            raise TriggerUnfit.of(
                "parameters",
                f"{name}: use one line of text with at most {LONGEST_VALUE} characters.",
            )


def _settings(trigger: RetrainingTrigger) -> dict[str, Any]:
    """Return what auditors compare; secrets are named, never told."""
    return {
        "secret": trigger.secret,
        "parameters": sorted(trigger.parameters),
        "cooldown_seconds": trigger.cooldown_seconds,
        "timeout_seconds": trigger.timeout_seconds,
        "is_active": trigger.is_active,
    }


def _plain(value: object) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{name}={text}" for name, text in sorted(value.items()))
    return value
