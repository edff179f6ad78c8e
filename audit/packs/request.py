"""Ask for a pack."""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from audit.packs.errors import PackNotAllowed, PackRefused
from audit.packs.events import PackEvent
from audit.packs.models import Pack
from audit.packs.queue import nudge
from audit.packs.scope import Mode, Scope
from audit.reach import Reach, reach_of
from audit.record import Actor, record

MOST_WAITING = 5
"""Packs that one account may wait for at once."""


@transaction.atomic(durable=True)
def request_pack(scope: Scope, *, by: Any) -> Pack:
    """Ask for a pack; a worker builds it.

    Args:
        by: an account; it must be able to read all that the pack would hold.

    Raises:
        PackRefused: the scope makes no sense, or the account waits for enough packs already.
        PackNotAllowed: it may not read what the pack would hold.
    """
    wanted = scope.checked()
    ensure_may_have(wanted, reach_of(by))
    _refuse_unknown(wanted)
    _refuse_many(by)
    pack = Pack.objects.create(requested_by=by, project=wanted.project, scope=wanted.document)
    receipt = record(
        PackEvent.REQUESTED,
        subject=pack,
        by=_actor(by),
        private={"purpose": wanted.purpose} if wanted.purpose else {},
        scope=wanted.sentence,
        asked={name: value for name, value in wanted.document.items() if name != "purpose"},
    )
    pack.request_event = receipt.event_id
    pack.save(update_fields=["request_event"])
    nudge(pack.pk)
    return pack


def ensure_may_have(scope: Scope, reach: Reach) -> None:
    """Refuse a scope that is wider than what the account may read.

    Raises:
        PackNotAllowed: says what would allow it.
    """
    if reach.whole:
        return
    if not reach.projects:
        raise PackNotAllowed(
            "You may read no part of the audit log. A role with the permission 'view_audit' in a project "
            "would allow it; the project's administrators give roles."
        )
    if scope.mode == Mode.FULL:
        raise PackNotAllowed(
            "A pack in full mode holds every entry of the log. That needs the portal permission "
            "'view_whole_audit', which an administrator of the portal can give."
        )
    if scope.project is None:
        raise PackNotAllowed(
            "A pack over all projects needs the portal permission 'view_whole_audit'. Choose one of the "
            "projects whose audit log you may read."
        )
    if scope.project not in reach.projects:
        raise PackNotAllowed(
            f"You may not read the audit log of the project {scope.project:.80}. A role with the "
            "permission 'view_audit' there would allow it."
        )


def _refuse_unknown(scope: Scope) -> None:
    """Ask the app above whether the project and the environment are there; audit knows neither."""
    exists = import_string(settings.AUDIT_SCOPE_EXISTS)
    if scope.project and not exists(scope.project, None):
        raise PackRefused("There is no such project.", field="project")
    if scope.environment and not exists(scope.project, scope.environment):
        raise PackRefused("The project has no such environment.", field="environment")


def _refuse_many(by: Any) -> None:
    waiting = Pack.objects.filter(requested_by=by, state__in=["waiting", "building"]).count()
    if waiting >= MOST_WAITING:
        raise PackRefused(
            f"You wait for {waiting} packs already. Ask again when one of them is ready."
        )


def _actor(by: Any) -> Actor:
    actor: Actor = by
    return actor
