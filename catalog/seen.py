"""The project that an address names, by a hand-written statement: calls and pages begin with it."""

from typing import Final

import orjson

from catalog.from_json import made
from catalog.held import HELD_IN_PROJECT, Held, held_of
from catalog.models import Project, User
from catalog.statement import rows_of

_VISIBLE: Final = """
FROM catalog_project p
WHERE p.slug = %(slug)s AND (%(sees_everything)s OR EXISTS (
    SELECT FROM catalog_projectuserobjectpermission seen
    JOIN auth_permission verb ON verb.id = seen.permission_id AND verb.codename = 'view_project'
    WHERE seen.content_object_id = p.id AND seen.user_id = %(caller)s
      AND (seen.expires_at IS NULL OR seen.expires_at > now())
))
"""
_PROJECT: Final = f"SELECT to_json(p)::text {_VISIBLE}"
_WITH_HELD: Final = f"SELECT to_json(p)::text, {HELD_IN_PROJECT}::text {_VISIBLE}"


def visible_project(slug: str, *, caller: User) -> Project | None:
    """Return ``Project.objects.visible_to(caller)``'s project of that name, None if there is none.

    The caller is active, or would not have come this far.
    """
    rows = rows_of(_PROJECT, _named(slug, caller))
    return made(Project, orjson.loads(rows[0][0])) if rows else None


def project_with_held(slug: str, *, caller: User) -> tuple[Project, Held] | None:
    """Return the same with what the caller may do there; one query."""
    rows = rows_of(_WITH_HELD, _named(slug, caller))
    if not rows:
        return None
    [(project, held)] = rows
    return made(Project, orjson.loads(project)), held_of(orjson.loads(held), caller)


def _named(slug: str, caller: User) -> dict[str, object]:
    return {"slug": slug, "sees_everything": caller.is_superuser, "caller": caller.pk}
