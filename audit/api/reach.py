"""Who may read which part of the log is decided above: settings.AUDIT_REACH names the function."""

from collections.abc import Callable, Collection
from functools import cache
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from audit.models import Event, EventQuerySet

Reach = Callable[[Any, str | None], Collection[str] | None]


@cache
def _reach() -> Reach:
    reach: Reach = import_string(settings.AUDIT_REACH)
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
