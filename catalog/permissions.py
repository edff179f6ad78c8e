"""The verbs people hold, and the one way to ask who holds them.

The grants are guardian's object permissions with direct foreign keys, on the two things that own:
projects and environments. Everything else is filtered by its project in a subquery; docs/adr/0007 says why.
A grant ends at its ``expires_at`` by itself; the sweep that removes the row later only tidies up.
"""

from enum import StrEnum
from typing import Any

from django.contrib.auth.models import Permission as PermissionRow
from django.db.models import QuerySet
from django.utils import timezone

from catalog.errors import NotPermitted
from catalog.models.project import (
    Environment,
    EnvironmentUserObjectPermission,
    Project,
    ProjectUserObjectPermission,
)
from catalog.models.user import User, UserKind
from catalog.statement import rows_of


class Permission(StrEnum):
    """A verb on a project or an environment."""

    VIEW_PROJECT = "catalog.view_project"
    MANAGE_PROJECT = "catalog.manage_project"
    MANAGE_MEMBERS = "catalog.manage_members"
    MANAGE_SERVICE_ACCOUNTS = "catalog.manage_service_accounts"
    REGISTER_ARTIFACT = "catalog.register_artifact"
    ADD_EVIDENCE = "catalog.add_evidence"
    EDIT_MODEL_CARD = "catalog.edit_model_card"
    SEAL_RELEASE = "catalog.seal_release"
    VIEW_AUDIT = "catalog.view_audit"
    SUBMIT_CHANGE = "catalog.submit_change"
    APPROVE_CHANGE = "catalog.approve_change"
    DEPLOY = "catalog.deploy_to_environment"
    ACTIVATE_POLICY = "catalog.activate_policy"

    @property
    def codename(self) -> str:
        """The name without its app."""
        return self.value.partition(".")[2]


class PortalPermission(StrEnum):
    """A verb on the whole portal, held as an ordinary Django permission."""

    ADD_PROJECT = "catalog.add_project"
    MANAGE_PEOPLE = "catalog.manage_people"
    EDIT_POLICIES = "catalog.edit_policies"
    VIEW_WHOLE_AUDIT = "catalog.view_whole_audit"
    MANAGE_PRIVACY = "catalog.manage_privacy"


ENVIRONMENT_PERMISSIONS = frozenset(
    {
        Permission.SUBMIT_CHANGE,
        Permission.APPROVE_CHANGE,
        Permission.DEPLOY,
        Permission.ACTIVATE_POLICY,
    }
)
PROJECT_PERMISSIONS = frozenset(Permission) - ENVIRONMENT_PERMISSIONS

# Signing is never a matter of administering: these are held by a role or not at all.
NEVER_BY_SUPERUSER = frozenset({Permission.APPROVE_CHANGE})

type_of_grant = {
    Project: ProjectUserObjectPermission,
    Environment: EnvironmentUserObjectPermission,
}


# ``objects.held_by(user, codename)`` for one thing. Every action asks it, and to compose or to plan it takes
# longer than to answer it.
_HELD = """
SELECT 1 FROM {table} held
JOIN auth_permission verb ON verb.id = held.permission_id
JOIN catalog_user account ON account.id = held.user_id AND account.is_active
WHERE held.content_object_id = %s AND held.user_id = %s AND verb.codename = %s
  AND (held.expires_at IS NULL OR held.expires_at > %s)
LIMIT 1
"""
_HELD_ON = {
    thing: _HELD.format(table=grants._meta.db_table) for thing, grants in type_of_grant.items()
}


def administers(user: User) -> bool:
    """Return whether the account may do everything but sign: a superuser, or the portal itself.

    The portal acts for whoever sits at the machine's own command line, and in its sweeps; nobody can
    sign in as it and it has no tokens.
    """
    return user.is_active and (user.is_superuser or user.kind == UserKind.SYSTEM)


def allowed(user: User, permission: Permission, on: Project | Environment) -> bool:
    """Return whether the account holds the permission now; an inactive one holds none."""
    if not user.is_active:
        return False
    if administers(user) and permission not in NEVER_BY_SUPERUSER:
        return True
    named = [on.pk, user.pk, permission.codename, timezone.now()]
    return bool(rows_of(_HELD_ON[type(on)], named))


def require(permission: Permission, user: User, on: Project | Environment) -> None:
    """Let the call go on, or refuse it.

    Raises:
        NotPermitted: the account does not hold the permission there.
    """
    if not allowed(user, permission, on):
        noun = "environment" if isinstance(on, Environment) else "project"
        verb = TITLES[permission]
        raise NotPermitted(
            f"You may not {verb} in the {noun} {on}. A role with the permission "
            f"{permission.codename!r} there would allow it; the project's administrators give roles."
        )


def require_portal(permission: PortalPermission, user: User) -> None:
    """The same for a verb on the whole portal."""
    if not allowed_portal(user, permission):
        raise NotPermitted(
            f"This needs the portal permission {permission.value.partition('.')[2]!r}, which an "
            "administrator of the portal can give."
        )


def allowed_portal(user: User, permission: PortalPermission) -> bool:
    """Return whether the account holds the verb on the whole portal."""
    return administers(user) or (user.is_active and user.has_perm(permission.value))


def environment_ids_with(user: User, permission: Permission) -> QuerySet[Any, int]:
    """Return a subquery of the environments on which the account holds the permission."""
    grants = EnvironmentUserObjectPermission.objects.held_by(user, permission.codename)
    return grants.values_list("content_object_id", flat=True)


def permission_rows() -> dict[str, PermissionRow]:
    """Return Django's permission rows by codename."""
    wanted = [permission.codename for permission in Permission]
    rows = PermissionRow.objects.filter(content_type__app_label="catalog", codename__in=wanted)
    return {row.codename: row for row in rows}


TITLES = {
    Permission.VIEW_PROJECT: "look at things",
    Permission.MANAGE_PROJECT: "change settings",
    Permission.MANAGE_MEMBERS: "give or take roles",
    Permission.MANAGE_SERVICE_ACCOUNTS: "manage service accounts and tokens",
    Permission.REGISTER_ARTIFACT: "register artifact versions",
    Permission.ADD_EVIDENCE: "add evidence",
    Permission.EDIT_MODEL_CARD: "write or review model cards",
    Permission.SEAL_RELEASE: "seal releases",
    Permission.VIEW_AUDIT: "read the audit log",
    Permission.SUBMIT_CHANGE: "open change requests",
    Permission.APPROVE_CHANGE: "approve or reject changes",
    Permission.DEPLOY: "restart or stop deployments",
    Permission.ACTIVATE_POLICY: "choose the policy",
}
