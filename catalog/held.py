"""What somebody may do here, for pages that offer only what would not be refused; the actions ask again."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.db.models import Q, QuerySet, Value
from django.utils import timezone

from catalog.models import (
    EnvironmentUserObjectPermission,
    Project,
    ProjectUserObjectPermission,
    User,
)
from catalog.permissions import NEVER_BY_SUPERUSER, Permission, administers

_PROJECT: Final = 0
_ENVIRONMENT: Final = 1


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


def held_in(project: Project, user: User) -> Held:
    """Return what the account holds in the project and its environments; one query."""
    of_project = _live(ProjectUserObjectPermission, user).filter(content_object=project)
    of_environments = _live(EnvironmentUserObjectPermission, user).filter(
        content_object__project=project
    )
    on_project: set[str] = set()
    on_environments: dict[int, set[str]] = defaultdict(set)
    columns = ("scope", "content_object_id", "permission__codename")
    every = of_project.annotate(scope=Value(_PROJECT)).values_list(*columns)
    other = of_environments.annotate(scope=Value(_ENVIRONMENT)).values_list(*columns)
    for scope, thing, codename in every.union(other, all=True):
        (on_project if scope == _PROJECT else on_environments[thing]).add(codename)
    return Held(
        frozenset(on_project),
        {thing: frozenset(held) for thing, held in on_environments.items()},
        administers=administers(user),
    )


def _live(grants: Any, user: User) -> "QuerySet[Any, Any]":
    now = timezone.now()
    found: QuerySet[Any, Any] = grants.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=now), user=user, user__is_active=True
    )
    return found
