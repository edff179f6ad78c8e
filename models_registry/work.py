"""What a worker does with a registry: read it under its lease, read model files, set aliases."""

import math
import os
import socket
import time
from collections.abc import Callable
from typing import Protocol, cast
from uuid import uuid4

from django.conf import settings
from django.core.cache import cache
from django.utils.module_loading import import_string

from catalog.models import User, the_portal
from models_registry.actions import carry_out_alias_order, lease
from models_registry.actions.complete_version import (
    NOTHING_LOGGED,
    Logged,
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
from models_registry.models import Hint, ModelVersion, Registry, SyncResult
from models_registry.queue import nudge_files, nudge_hints
from models_registry.reconcile import Reconcile, Tell, in_silence

RENEW_SECONDS = 30
PORTION_SECONDS = 2.0
"""So long a worker reads files at a stretch: then whatever else waits has its turn."""
MARK_SECONDS = 60
"""After so long nobody waits any more for a worker that died while it read files."""
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


def sync(registry_id: int, *, every_answer: bool = False, tell: Tell = in_silence) -> bool:
    """Compare a registry; return whether this worker did (another may be at it).

    Args:
        every_answer: parse answers too that are the same bytes as the last time.
        tell: hears how far it is.
    """
    holder, by = holder_name(), the_portal()
    registry = lease.claim(registry_id, holder=holder)
    if registry is None:
        return False
    try:
        _compare(registry, holder, by, every_answer=every_answer, tell=tell)
    except RegistryUnavailable as error:
        _fail(registry, error.sentence, SyncResult.ERRORED, holder, by)
    except RegistryRefused as error:
        _fail(registry, error.sentence, SyncResult.REFUSED, holder, by)
    except LeaseLost:
        return False
    nudge_missed_hints(registry_id)
    return True


def _compare(registry: Registry, holder: str, by: User, *, every_answer: bool, tell: Tell) -> None:
    client, known = connect(registry), registry.sync
    before = [] if every_answer else known.pages.get("versions", [])

    def look_at_hints() -> None:
        for name in take_hints(registry, holder=holder):
            Reconcile(registry, client, holder, by).of_model(name)

    run = Reconcile(registry, client, holder, by, between=look_at_hints, tell=tell)
    run.everything(pages_before=before, about=known.versions_seen)
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
    except RegistryUnavailable as error:
        _fail(registry, error.sentence, SyncResult.ERRORED, holder, by)
    except RegistryRefused as error:
        _fail(registry, error.sentence, SyncResult.REFUSED, holder, by)
    except LeaseLost:
        return False
    else:
        nudge_missed_hints(registry_id)
    return True


def nudge_missed_hints(registry_id: int) -> None:
    """Let a worker look at hints that came between our last look and the end of our lease.

    Who was nudged by such a hint found the registry taken and went away.
    """
    if Hint.objects.filter(registry=registry_id).exists():
        nudge_hints(registry_id)


def _fail(registry: Registry, sentence: str, result: SyncResult, holder: str, by: User) -> None:
    try:
        lease.fail(registry, sentence, result=result, holder=holder, by=by)
    except LeaseLost:
        return


def read_some_files(registry_id: int) -> None:
    """Complete the intake of versions for a moment, then let others have the worker before going on.

    One process at a time, or a first intake of thousands would keep all of them from everything else.
    The mark in the cache is a courtesy: who reads in spite of it takes other versions.
    """
    mark = f"models_registry.reading_files.{registry_id}"
    if not cache.add(mark, 1, timeout=MARK_SECONDS):
        return
    ends_at = time.monotonic() + PORTION_SECONDS
    try:
        read_waiting_files(registry_id, ends_at=ends_at)
    finally:
        cache.delete(mark)
    if time.monotonic() >= ends_at:
        nudge_files(registry_id)


def read_waiting_files(
    registry_id: int, *, ends_at: float = math.inf, tell: Callable[[], None] = lambda: None
) -> int:
    """Complete the intake of versions that wait for it; return how many were completed.

    Args:
        ends_at: no version is begun after this moment of the monotonic clock.
        tell: called after each.
    """
    completed, client = 0, None
    while time.monotonic() < ends_at and (version := claim_version(registry_id)):
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
    read = read_files(client, uri, tell=_renewing(version))
    complete_version(version, read, run, logged=_logged(client, version), by=the_portal())
    return 1


def _logged(client: ModelRegistry, version: ModelVersion) -> Logged:
    """Read what runs measured of the model, last of all: an evaluation often follows the registration."""
    if not version.mlflow_model_id:
        return NOTHING_LOGGED
    try:
        return client.logged_metrics(version.mlflow_model_id), ""
    except RegistryRefused as error:
        return [], f"What other runs measured of the model is not known: {error.sentence}"


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
