"""Who may read which part of the log is decided above: settings.AUDIT_REACH names the function."""

from collections.abc import Callable, Collection
from functools import cache
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string
from rest_framework.exceptions import PermissionDenied

from audit.models import Event, EventQuerySet
from audit.reach import Reach, reach_of

AuditedBy = Callable[[Any, str | None], Collection[str] | None]


def some_reach(user: Any) -> Reach:
    """Return what the account may read of the log.

    Raises:
        PermissionDenied: it is nothing.
    """
    reach = reach_of(user)
    if not reach.whole and not reach.projects:
        raise PermissionDenied(
            "You may read no part of the audit log. A role with the permission 'view_audit' in a project "
            "would allow it; the project's administrators give roles."
        )
    return reach


@cache
def _reach() -> AuditedBy:
    reach: AuditedBy = import_string(settings.AUDIT_REACH)
    return reach


def readable_by(user: Any, project: str | None = None) -> EventQuerySet:
    """Return the events that the account may read, of one project if it asks for one.

    Raises:
        DomainError: of the app above; it may read none, or not that project's.
    """
    slugs = _reach()(user, project)
    events = Event.objects.all()
    if slugs is not None:
        events = events.filter(project__in=slugs)
    return events if project is None else events.filter(project=project)
