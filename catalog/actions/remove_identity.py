"""A name that was noted for the wrong person."""

from django.db import transaction

from audit.personal import about, name_of
from audit.record import record
from catalog.audit_events import CatalogEvent
from catalog.errors import Conflict
from catalog.locking import locked
from catalog.models import Identity, IdentityKind, User
from catalog.permissions import PortalPermission, require_portal
from catalog.reach import reevaluate_projects_of
from catalog.standing import refuse_oneself, require_standing_over


@transaction.atomic(durable=True)
def remove_identity(identity: Identity, *, by: User) -> None:
    """Remove an identity. Nobody removes their own: it may be what keeps them from signing.

    Raises:
        NotPermitted: without the portal permission ``manage_people``, or for the own account.
        Conflict: it is the account's present e-mail address.
    """
    person = locked(identity.user)
    identity = locked(identity)
    require_portal(PortalPermission.MANAGE_PEOPLE, by)
    require_standing_over(person, by)
    refuse_oneself(person, by, "decide under which names your own work is known")
    is_address = identity.kind == IdentityKind.EMAIL
    if is_address and identity.value.casefold() == person.email.casefold():
        raise Conflict("This is the account's e-mail address; change that first.")
    kind, value = identity.kind, identity.value
    identity.delete()
    record(
        CatalogEvent.IDENTITY_REMOVED,
        subject=person,
        by=by,
        private={"person": name_of(person), "identity": about(person, value)},
        kind=kind,
    )
    reevaluate_projects_of(person)
