"""What a person may do on the whole portal."""

from collections.abc import Iterable

from django.contrib.auth.models import Permission as PermissionRow
from django.db import transaction

from audit.personal import name_of
from audit.record import record
from catalog.audit_events import CatalogEvent
from catalog.errors import InvalidInput
from catalog.locking import locked
from catalog.models import User
from catalog.permissions import PortalPermission
from catalog.standing import require_standing_over, require_superuser


@transaction.atomic(durable=True)
def set_portal_permissions(person: User, *, permissions: Iterable[str], by: User) -> User:
    """Let the person hold exactly these portal permissions (with or without the prefix ``catalog.``).

    Raises:
        NotPermitted: ``by`` is no superuser.
        InvalidInput: there is no such portal permission.
    """
    person = locked(person)
    require_superuser(by, "give portal permissions")
    require_standing_over(person, by)
    wanted = _codenames(permissions)
    portal = PermissionRow.objects.filter(
        content_type__app_label="catalog", codename__in=_codenames(PortalPermission)
    )
    rows = {row.codename: row for row in portal}
    before = set(person.user_permissions.filter(pk__in=portal).values_list("codename", flat=True))
    if wanted == before:
        return person
    person.user_permissions.remove(*(rows[name] for name in before - wanted))
    person.user_permissions.add(*(rows[name] for name in wanted - before))
    record(
        CatalogEvent.PORTAL_PERMISSIONS_CHANGED,
        subject=person,
        by=by,
        private={"person": name_of(person)},
        what=", ".join(sorted(wanted)) or "none",
        before=sorted(before),
        after=sorted(wanted),
    )
    # Django keeps what a user object may do once it was asked.
    return User.objects.get(pk=person.pk)


def _codenames(permissions: Iterable[str]) -> set[str]:
    known = {permission.value.partition(".")[2] for permission in PortalPermission}
    wanted = {str(permission).removeprefix("catalog.") for permission in permissions}
    if unknown := wanted - known:
        raise InvalidInput.of(
            "permissions",
            f"{', '.join(sorted(unknown))}: no such portal permission. "
            f"There are {', '.join(sorted(known))}.",
        )
    return wanted
