"""The project that an address names, by a hand-written statement: nearly every call begins with it."""

from functools import cache
from typing import Final

from catalog.api.statement import rows_of
from catalog.models import Project, User

_COLUMNS: Final = [field.attname for field in Project._meta.concrete_fields]


def visible_project(slug: str, *, caller: User) -> Project | None:
    """Return ``Project.objects.visible_to(caller)``'s project of that name, None if there is none.

    The caller is active, or would not have come this far.
    """
    named = {"slug": slug, "sees_everything": caller.is_superuser, "caller": caller.pk}
    rows = rows_of(_statement(), named)
    return Project.from_db(None, _COLUMNS, rows[0]) if rows else None


@cache
def _statement() -> str:
    columns = ", ".join(f'project."{name}"' for name in _COLUMNS)
    return f"""
        SELECT {columns} FROM catalog_project project
        WHERE project.slug = %(slug)s AND (%(sees_everything)s OR EXISTS (
            SELECT FROM catalog_projectuserobjectpermission seen
            JOIN auth_permission verb ON verb.id = seen.permission_id AND verb.codename = 'view_project'
            WHERE seen.content_object_id = project.id AND seen.user_id = %(caller)s
              AND (seen.expires_at IS NULL OR seen.expires_at > now())
        ))
    """  # noqa: S608 -- composed of the model's own columns
