"""Which part of the audit log the pages offer to an account; settings.AUDIT_READER names ``reach_of``."""

from audit.reach import Reach
from catalog.models import Project, ProjectUserObjectPermission, User
from catalog.permissions import Permission, PortalPermission, allowed_portal


def reach_of(user: User) -> Reach:
    """Return what the account may read, with the projects by name; perhaps nothing."""
    if allowed_portal(user, PortalPermission.VIEW_WHOLE_AUDIT):
        slugs = Project.objects.order_by("slug").values_list("slug", flat=True)
        return Reach(whole=True, projects=tuple(slugs))
    held = ProjectUserObjectPermission.objects.held_by(user, Permission.VIEW_AUDIT.codename)
    slugs = held.order_by("content_object__slug").values_list("content_object__slug", flat=True)
    return Reach(whole=False, projects=tuple(slugs))
