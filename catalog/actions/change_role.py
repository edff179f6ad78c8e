"""What a custom role is called and what its holders may do."""

from collections.abc import Iterable

from django.db import transaction

from audit.record import record
from catalog.audit_events import CatalogEvent
from catalog.errors import Conflict, NotPermitted
from catalog.grants import sync_grants
from catalog.locking import locked, locked_projects
from catalog.models import Role, User
from catalog.permissions import PortalPermission, administers, require_portal
from catalog.reach import holders_of, projects_with_role
from catalog.validation import apply_changes
from catalog.verbs import check_verbs


@transaction.atomic(durable=True)
def change_role(
    role: Role,
    *,
    title: str | None = None,
    description: str | None = None,
    permissions: Iterable[str] | None = None,
    by: User,
) -> Role:
    """Change a custom role, for everybody who has it, at once.

    Raises:
        NotPermitted: without the portal permission ``manage_people``, or for a role one has.
        Conflict: the role is built in.
        InvalidInput: a field does not fit, or there is no such verb.
    """
    role = locked(role)
    require_portal(PortalPermission.MANAGE_PEOPLE, by)
    if role.built_in:
        raise Conflict(
            f"The role {role.slug} is built in and stays as it is; create a role of your own instead."
        )
    if not administers(by) and holders_of(role).filter(pk=by.pk).exists():
        raise NotPermitted("You may not change a role that you have yourself.")
    before = role.permissions
    changed = apply_changes(role, {"title": title, "description": description})
    if permissions is not None:
        role.permissions = check_verbs(permissions)
    if role.permissions == before and not changed:
        return role
    role.save()
    if role.permissions != before:
        changed["permissions"] = [before, role.permissions]
        sync_grants(*locked_projects(projects_with_role(role)))
    record(
        CatalogEvent.ROLE_CHANGED,
        subject=role,
        by=by,
        what=_in_words(role, changed),
        changed=changed,
    )
    return role


def _in_words(role: Role, changed: dict[str, list[object]]) -> str:
    words = [f"{name} is now {getattr(role, name)!r}" for name in changed if name != "permissions"]
    if "permissions" in changed:
        words.append(f"it holds {', '.join(role.permissions)}")
    return "; ".join(words)
