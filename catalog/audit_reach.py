"""Which part of the audit log an account may read.

The audit app asks by settings.AUDIT_REACH (its API) and settings.AUDIT_READER (its pages, which offer what
may be read instead of refusing what may not).
"""

from collections.abc import Collection
from typing import Any

from django.db.models import QuerySet

from audit.reach import Reach
from catalog.errors import NotFound, NotPermitted
from catalog.models import Project, ProjectUserObjectPermission, User
from catalog.permissions import Permission, PortalPermission, allowed_portal, require


def projects_audited_by(user: User, project: str | None) -> Collection[str] | None:
    """Return the slugs of the projects whose events the account may read; None is everything.

    Events of no project (people, roles, policies) are only read by those who may read everything.

    Args:
        project: the slug of the only project that is asked for, if one is.

    Raises:
        NotFound: it may not see that project.
        NotPermitted: it may read no part of the log, or not that project's.
    """
    if allowed_portal(user, PortalPermission.VIEW_WHOLE_AUDIT):
        return None
    if project is not None:
        found = Project.objects.visible_to(user).filter(slug=project).first()
        if found is None:
            raise NotFound(f"There is no project {project!r:.80} that you may see.")
        require(Permission.VIEW_AUDIT, user, found)
        return [project]
    slugs = list(_held_by(user))
    if not slugs:
        raise NotPermitted(
            "You may read no part of the audit log. A role with the permission 'view_audit' in a project "
            "would allow it; the project's administrators give roles."
        )
    return slugs


def reach_of(user: User) -> Reach:
    """Return what the account may read, with the projects by name; perhaps nothing."""
    if allowed_portal(user, PortalPermission.VIEW_WHOLE_AUDIT):
        slugs = Project.objects.order_by("slug").values_list("slug", flat=True)
        return Reach(whole=True, projects=tuple(slugs))
    return Reach(whole=False, projects=tuple(_held_by(user)))


def _held_by(user: User) -> QuerySet[Any, str]:
    held = ProjectUserObjectPermission.objects.held_by(user, Permission.VIEW_AUDIT.codename)
    return held.order_by("content_object__slug").values_list("content_object__slug", flat=True)
