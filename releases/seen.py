"""What the caller may see, for hand-written statements: ``Project.objects.visible_to`` in SQL.

Polled addresses cannot afford to have it composed at every call; a test compares the two.
"""

from typing import Final

from catalog.models import User

IN_VISIBLE_PROJECT: Final = """(%(sees_everything)s OR EXISTS (
    SELECT FROM catalog_projectuserobjectpermission seen
    JOIN auth_permission verb ON verb.id = seen.permission_id AND verb.codename = 'view_project'
    WHERE seen.content_object_id = cr.project_id AND seen.user_id = %(caller)s
      AND (seen.expires_at IS NULL OR seen.expires_at > now())
))"""
"""For statements in which the change request is called ``cr``."""

AMONG_VISIBLE_PROJECTS: Final = """cr.project_id = ANY(ARRAY(
    SELECT seen.content_object_id FROM catalog_projectuserobjectpermission seen
    JOIN auth_permission verb ON verb.id = seen.permission_id AND verb.codename = 'view_project'
    WHERE seen.user_id = %(caller)s AND (seen.expires_at IS NULL OR seen.expires_at > now())
))"""
"""The same for lists, where it is worth while to look the projects up first; not for superusers."""


def parameters_of(caller: User) -> dict[str, int | bool]:
    """Return the parameters of the condition; the caller is active, or would not have come this far."""
    return {"sees_everything": caller.is_superuser, "caller": caller.pk}
