"""Who may look at who may do what: those who audit a project, and those who give its roles."""

from django.db.models import Q

from audit.reach import reach_of
from catalog.models import Project, ProjectUserObjectPermission, User
from catalog.permissions import Permission, administers, allowed


def may_look(user: User, project: Project) -> bool:
    """Return whether the account may look at the project's access."""
    if allowed(user, Permission.MANAGE_MEMBERS, project):
        return True
    return reach_of(user).includes(project.slug)


def looked_at_by(user: User) -> list[Project]:
    """Return the projects whose access the account may look at."""
    reach = reach_of(user)
    if reach.whole or administers(user):
        return list(Project.objects.order_by("slug"))
    managed = ProjectUserObjectPermission.objects.held_by(user, Permission.MANAGE_MEMBERS.codename)
    either = Q(slug__in=reach.projects) | Q(pk__in=managed.values("content_object_id"))
    return list(Project.objects.filter(either).order_by("slug"))
