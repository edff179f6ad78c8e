"""What a worker does with a registry: read it under its lease, read model files, set aliases."""

import os
import socket
import time
from collections.abc import Callable
from typing import Protocol, cast
from uuid import uuid4

from django.conf import settings
from django.utils.module_loading import import_string

from catalog.models import User, the_portal
from models_registry.actions import carry_out_alias_order, lease
from models_registry.actions.complete_version import (
    claim_version,
    complete_version,
    postpone_version,
    renew_version,
)
from models_registry.actions.take_hints import take_hints
from models_registry.clients.port import (
    ModelRegistry,
    RegistryRefused,
    RegistryUnavailable,
    RunSeen,
)
from models_registry.digesting import read_files
from models_registry.errors import LeaseLost
from models_registry.models import ModelVersion, Registry, Sync, SyncResult
from models_registry.reconcile import Reconcile

RENEW_SECONDS = 30
_UNFINISHED = frozenset({"RUNNING", "SCHEDULED"})


class Connect(Protocol):
    """What settings.MODEL_REGISTRY_CLIENT names."""

    def __call__(self, tracking_url: str, credentials: str) -> ModelRegistry:
        """Return the registry at the address."""


def connect(registry: Registry) -> ModelRegistry:
    """Return the client of a registry.

    Raises:
        RegistryRefused: its secret cannot be read.
    """
    opened = cast("Connect", import_string(settings.MODEL_REGISTRY_CLIENT))
    return opened(registry.tracking_url, registry.credentials)


def holder_name() -> str:
    """Return a name for this worker's lease that no other run has."""
    return f"{socket.gethostname()[:60]}/{os.getpid()}#{uuid4().hex[:12]}"


def sync(registry_id: int, *, every_answer: bool = False) -> bool:
    """Compare a registry; return whether this worker did (another may be at it).

    Args:
        every_answer: parse answers too that are the same bytes as the last time.
    """
    holder, by = holder_name(), the_portal()
    registry = lease.claim(registry_id, holder=holder)
    if registry is None:
        return False
    try:
        _compare(registry, holder, by, every_answer=every_answer)
    except RegistryUnavailable as error:
        _fail(registry, error.sentence, SyncResult.ERRORED, holder, by)
    except RegistryRefused as error:
        _fail(registry, error.sentence, SyncResult.REFUSED, holder, by)
    except LeaseLost:
        return False
    return True


def _compare(registry: Registry, holder: str, by: User, *, every_answer: bool) -> None:
    client = connect(registry)
    before = [] if every_answer else Sync.objects.get(pk=registry.pk).pages.get("versions", [])

    def look_at_hints() -> None:
        for name in take_hints(registry, holder=holder):
            Reconcile(registry, client, holder, by).of_model(name)

    run = Reconcile(registry, client, holder, by, between=look_at_hints)
    run.everything(pages_before=before)
    look_at_hints()
    lease.succeed(
        registry,
        run.sentence,
        counts=(len(run.names), len(run.seen)),
        pages=run.pages,
        holder=holder,
        by=by,
    )


def look_at_hints(registry_id: int) -> bool:
    """Look at the models that webhooks named; return whether this worker did."""
    holder, by = holder_name(), the_portal()
    registry = lease.claim(registry_id, holder=holder)
    if registry is None:
        return False
    try:
        client = connect(registry)
        while names := take_hints(registry, holder=holder):
            for name in names:
                Reconcile(registry, client, holder, by).of_model(name)
        lease.release(registry, holder=holder)
    except (RegistryUnavailable, RegistryRefused) as error:
        _fail(registry, error.sentence, SyncResult.ERRORED, holder, by)
    except LeaseLost:
        return False
    return True


def _fail(registry: Registry, sentence: str, result: SyncResult, holder: str, by: User) -> None:
    try:
        lease.fail(registry, sentence, result=result, holder=holder, by=by)
    except LeaseLost:
        return


def read_waiting_files(registry_id: int, *, tell: Callable[[], None] = lambda: None) -> int:
    """Complete the intake of versions that wait for it; return how many were completed."""
    completed, client = 0, None
    while version := claim_version(registry_id):
        try:
            client = client or connect(version.model.registry)
            completed += _complete(client, version)
        except RegistryUnavailable as error:
            postpone_version(version, error.sentence)
            return completed
        except RegistryRefused as error:
            postpone_version(version, error.sentence)
        tell()
    return completed


def _complete(client: ModelRegistry, version: ModelVersion) -> int:
    run = _run_again(client, version)
    if why := _why_not_yet(version, run):
        postpone_version(version, why, seconds=10)
        return 0
    uri = client.download_uri(version.model.name, version.number)
    complete_version(
        version, read_files(client, uri, tell=_renewing(version)), run, by=the_portal()
    )
    return 1


def _run_again(client: ModelRegistry, version: ModelVersion) -> RunSeen | None:
    """Read a run once more that was still going on when the version was first seen."""
    if version.run_status not in _UNFINISHED:
        return None
    return client.runs([version.run_id]).get(version.run_id)


def _why_not_yet(version: ModelVersion, run: RunSeen | None) -> str:
    age = time.time() - version.taken_in_at.timestamp()
    if age > settings.MODEL_RUN_PATIENCE_SECONDS:
        return ""
    if run is not None and run.status in _UNFINISHED:
        return f"Its run {run.run_id} is still going on; what it logs until its end belongs to it."
    if version.status == "PENDING_REGISTRATION":
        return "MLflow is still registering it."
    return ""


def _renewing(version: ModelVersion) -> Callable[[], None]:
    renewed = time.monotonic()

    def renew() -> None:
        nonlocal renewed
        if time.monotonic() - renewed > RENEW_SECONDS:
            renewed = time.monotonic()
            renew_version(version)

    return renew


def set_waiting_aliases(registry_id: int) -> int:
    """Set the aliases that wait for it in MLflow; return how many were set."""
    done, client = 0, None
    while order := carry_out_alias_order.claim_order(registry_id):
        try:
            client = client or connect(order.model.registry)
            client.set_alias(order.model.name, order.alias, order.version.number)
        except RegistryUnavailable as error:
            carry_out_alias_order.postpone_order(order, error.sentence)
            return done
        except RegistryRefused as error:
            carry_out_alias_order.refuse_order(order, error.sentence, by=the_portal())
        else:
            carry_out_alias_order.finish_order(order, by=the_portal())
            done += 1
    return done
