"""Which part of the audit log an account may read. The audit app asks by settings.AUDIT_REACH."""

from collections.abc import Collection

from catalog.errors import NotFound, NotPermitted
from catalog.models import Project, ProjectUserObjectPermission, User
from catalog.permissions import Permission, PortalPermission, administers, require


def projects_audited_by(user: User, project: str | None) -> Collection[str] | None:
    """Return the slugs of the projects whose events the account may read; None is everything.

    Events of no project (people, roles, policies) are only read by those who may read everything.

    Args:
        project: the slug of the only project that is asked for, if one is.

    Raises:
        NotFound: it may not see that project.
        NotPermitted: it may read no part of the log, or not that project's.
    """
    if administers(user) or user.has_perm(PortalPermission.VIEW_WHOLE_AUDIT.value):
        return None
    if project is not None:
        found = Project.objects.visible_to(user).filter(slug=project).first()
        if found is None:
            raise NotFound(f"There is no project {project!r:.80} that you may see.")
        require(Permission.VIEW_AUDIT, user, found)
        return [project]
    held = ProjectUserObjectPermission.objects.held_by(user, Permission.VIEW_AUDIT.codename)
    slugs = list(held.values_list("content_object__slug", flat=True))
    if not slugs:
        raise NotPermitted(
            "You may read no part of the audit log. A role with the permission 'view_audit' in a project "
            "would allow it; the project's administrators give roles."
        )
    return slugs
