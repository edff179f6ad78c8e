"""What somebody may do here, for pages that offer only what would not be refused; the actions ask again."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from catalog.models import Project, User
from catalog.permissions import NEVER_BY_SUPERUSER, Permission, administers
from catalog.statement import rows_of


@dataclass(frozen=True)
class Held:
    """The verbs of one account in one project."""

    on_project: frozenset[str] = frozenset()
    on_environments: Mapping[int, frozenset[str]] = field(default_factory=dict)
    administers: bool = False

    def may(self, permission: Permission, environment_id: int | None = None) -> bool:
        """Return whether the account holds the verb, on the project or on one of its environments."""
        if self.administers and permission not in NEVER_BY_SUPERUSER:
            return True
        if environment_id is None:
            return permission.codename in self.on_project
        return permission.codename in self.on_environments.get(environment_id, frozenset())

    def anywhere(self, permission: Permission) -> bool:
        """Return whether the account holds the verb on at least one environment."""
        if self.administers and permission not in NEVER_BY_SUPERUSER:
            return True
        return any(permission.codename in held for held in self.on_environments.values())


HELD_IN_PROJECT: Final = """json_build_object(
    'project', ARRAY(
        SELECT verb.codename FROM catalog_projectuserobjectpermission held
        JOIN auth_permission verb ON verb.id = held.permission_id
        JOIN catalog_user account ON account.id = held.user_id AND account.is_active
        WHERE held.content_object_id = p.id AND held.user_id = %(caller)s
          AND (held.expires_at IS NULL OR held.expires_at > now())
    ),
    'environments', ARRAY(
        SELECT json_build_array(held.content_object_id, verb.codename)
        FROM catalog_environmentuserobjectpermission held
        JOIN catalog_environment place ON place.id = held.content_object_id AND place.project_id = p.id
        JOIN auth_permission verb ON verb.id = held.permission_id
        JOIN catalog_user account ON account.id = held.user_id AND account.is_active
        WHERE held.user_id = %(caller)s AND (held.expires_at IS NULL OR held.expires_at > now())
    )
)"""
"""For statements in which the project is called ``p``: what ``held_of`` reads."""

_HELD: Final = f"SELECT {HELD_IN_PROJECT}::text FROM catalog_project p WHERE p.id = %(project)s"  # noqa: S608 -- constants


def held_in(project: Project, user: User) -> Held:
    """Return what the account holds in the project and its environments; one query."""
    rows = rows_of(_HELD, {"caller": user.pk, "project": project.pk})
    return held_of(orjson.loads(rows[0][0]) if rows else {}, user)


def held_of(told: Mapping[str, Any], user: User) -> Held:
    """Return what ``HELD_IN_PROJECT`` answered about the account."""
    on_environments: dict[int, set[str]] = defaultdict(set)
    for thing, codename in told.get("environments", ()):
        on_environments[thing].add(codename)
    return Held(
        frozenset(told.get("project", ())),
        {thing: frozenset(held) for thing, held in on_environments.items()},
        administers=administers(user),
    )
