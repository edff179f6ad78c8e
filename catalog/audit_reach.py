"""Which part of the audit log an account may read. The audit app asks by settings.AUDIT_REACH."""

from collections.abc import Collection

from django.contrib.auth.models import Permission as PermissionRow
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, Q

from catalog.errors import NotFound, NotPermitted
from catalog.models import Project, ProjectUserObjectPermission, User
from catalog.permissions import Permission, PortalPermission, administers, require


def projects_audited_by(user: User, project: str | None) -> Collection[str] | None:
    """Return the slugs of the projects whose events the account may read; None is everything.

    Events of no project (people, roles, policies) are only read by those who may read everything.

    Args:
        user: who asks.
        project: the slug of the only project that is asked for, if one is.

    Raises:
        NotFound: it may not see that project.
        NotPermitted: it may read no part of the log, or not that project's.
    """
    if administers(user):
        return None
    everything, slugs = _reach_of(user)
    if everything:
        return None
    if project is not None and project not in slugs:
        _refuse(user, project)
    if not slugs:
        raise NotPermitted(
            "You may read no part of the audit log. A role with the permission 'view_audit' in a "
            "project would allow it; the project's administrators give roles."
        )
    return slugs


def _reach_of(user: User) -> tuple[bool, list[str]]:
    """Return whether it may read everything, and the slugs; one query for both."""
    codename = PortalPermission.VIEW_WHOLE_AUDIT.value.partition(".")[2]
    portal = PermissionRow.objects.filter(
        Q(user=user) | Q(group__user=user), codename=codename, content_type__app_label="catalog"
    )
    held = ProjectUserObjectPermission.objects.held_by(user, Permission.VIEW_AUDIT.codename)
    slugs = ArraySubquery(held.values("content_object__slug"))
    row: tuple[bool, list[str]] = User.objects.values_list(Exists(portal), slugs).get(pk=user.pk)
    return row


def _refuse(user: User, project: str) -> None:
    found = Project.objects.visible_to(user).filter(slug=project).first()
    if found is None:
        raise NotFound(f"There is no project {project!r:.80} that you may see.")
    require(Permission.VIEW_AUDIT, user, found)
