"""A role of one's own beside the built-in ones."""

from collections.abc import Iterable

from django.db import transaction

from audit.record import record
from catalog.audit_events import CatalogEvent
from catalog.models import Role, User
from catalog.permissions import PortalPermission, require_portal
from catalog.validation import check_fields, refusing_duplicates
from catalog.verbs import check_verbs


@transaction.atomic(durable=True)
def create_role(
    *, slug: str, title: str, permissions: Iterable[str], description: str = "", by: User
) -> Role:
    """Create a role: a named set of verbs, such as ``["view_project", "approve_change"]``.

    Raises:
        NotPermitted: without the portal permission ``manage_people``.
        InvalidInput: a field does not fit, or there is no such verb.
        AlreadyExists: the slug is taken.
    """
    require_portal(PortalPermission.MANAGE_PEOPLE, by)
    role = Role(slug=slug, title=title, description=description)
    check_fields(role, "slug", "title", "description")
    role.permissions = check_verbs(permissions)
    with refusing_duplicates("slug", f"There is a role {slug!r} already; choose another slug."):
        role.save(force_insert=True)
    record(
        CatalogEvent.ROLE_CREATED,
        subject=role,
        by=by,
        what=", ".join(role.permissions),
        title=role.title,
        permissions=role.permissions,
    )
    return role
