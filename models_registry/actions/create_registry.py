"""A project names an MLflow registry."""

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.db import transaction

from audit.outgoing import OutgoingRefused, check_url, refuse_metadata
from audit.record import record
from catalog.locking import locked
from catalog.models import Project, User
from catalog.permissions import Permission, require
from catalog.validation import check_fields, refusing_duplicates
from models_registry.audit_events import ModelEvent
from models_registry.errors import RegistryUnfit
from models_registry.models import Registry, Sync
from models_registry.naming import patterns_of
from models_registry.queue import nudge_sync

MOST_PATTERNS = 50


@dataclass(frozen=True, kw_only=True)
class RegistrySpec:
    """What a registry is to be.

    Attributes:
        tracking_url: address of the tracking server.
        name_pattern: which models belong to the project: shell patterns separated by commas.
        credentials: name of the file with a token or ``user:password``; its name is the project's slug or
            begins with it and a dot.
        webhook_secret: name of the file with the secret of its webhooks; likewise.
    """

    tracking_url: str
    name_pattern: str = "*"
    credentials: str = ""
    webhook_secret: str = ""
    is_active: bool = True


@transaction.atomic(durable=True)
def create_registry(project: Project, name: str, spec: RegistrySpec, *, by: User) -> Registry:
    """Add a registry to the project; a worker begins to read it.

    Raises:
        NotPermitted: without ``manage_project``.
        RegistryUnfit, InvalidInput: a field does not fit.
        AlreadyExists: the project has a registry of that name.
    """
    project = locked(project)
    require(Permission.MANAGE_PROJECT, by, project)
    registry = Registry(project=project, name=name, created_by=by)
    fill(registry, spec)
    check(registry, "name")
    with refusing_duplicates("name", f"The project has a registry {name!r} already."):
        registry.save(force_insert=True)
    Sync.objects.create(registry=registry)
    record(
        ModelEvent.REGISTRY_CREATED,
        subject=registry,
        by=by,
        host=check_url(registry.tracking_url),
        pattern=registry.name_pattern,
        credentials=registry.credentials,
        webhooks=bool(registry.webhook_secret),
    )
    nudge_sync(registry.pk)
    return registry


def fill(registry: Registry, spec: RegistrySpec) -> None:
    """Write the spec into an unsaved row."""
    registry.tracking_url = spec.tracking_url.rstrip("/")
    registry.name_pattern = ", ".join(patterns_of(spec.name_pattern)) or spec.name_pattern
    registry.credentials = spec.credentials
    registry.webhook_secret = spec.webhook_secret
    registry.is_active = spec.is_active


def check(registry: Registry, *more: str) -> None:
    """Let the row pass, or refuse it.

    Raises:
        RegistryUnfit, InvalidInput: a field does not fit.
    """
    _check_address(registry.tracking_url)
    check_fields(registry, *more, "tracking_url", "name_pattern", "credentials", "webhook_secret")
    if not 1 <= len(patterns_of(registry.name_pattern)) <= MOST_PATTERNS:
        raise RegistryUnfit.of(
            "name_pattern", f"Use 1 to {MOST_PATTERNS} patterns separated by commas, '*' for all."
        )
    for field in ("credentials", "webhook_secret"):
        _check_secret(registry, field)


def _check_address(url: str) -> None:
    """Refuse what can be known to be wrong without looking the name up; the worker does that each time."""
    try:
        host = check_url(url)
        refuse_literal(host)
    except OutgoingRefused as refusal:
        raise RegistryUnfit.of("tracking_url", refusal.sentence) from refusal
    if urlsplit(url).query:
        raise RegistryUnfit.of("tracking_url", "Use the address without a question mark.")


def refuse_literal(host: str) -> None:
    """Refuse a host that is written as the address of a machine's own metadata.

    Raises:
        OutgoingRefused: it is.
    """
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return
    refuse_metadata(host, [host])


def _check_secret(registry: Registry, field: str) -> None:
    name, slug = getattr(registry, field), registry.project.slug
    if name and name != slug and not name.startswith(f"{slug}."):
        raise RegistryUnfit.of(
            field,
            f"Name the file that holds the secret; its name is {slug!r} or begins with '{slug}.', so "
            "that no project uses another's.",
        )
