"""Somebody comes back."""

from django.db import transaction

from audit.personal import name_of
from audit.record import record
from catalog.audit_events import CatalogEvent
from catalog.grants import sync_grants
from catalog.locking import locked, locked_projects
from catalog.models import User
from catalog.permissions import PortalPermission, require_portal
from catalog.reach import projects_of
from catalog.standing import require_standing_over


@transaction.atomic(durable=True)
def reactivate_person(person: User, *, by: User) -> User:
    """Let the account act again, with the memberships that are still in force; tokens stay revoked.

    Raises:
        NotPermitted: without the portal permission ``manage_people``.
    """
    person = locked(person)
    require_portal(PortalPermission.MANAGE_PEOPLE, by)
    require_standing_over(person, by)
    if person.is_active:
        return person
    person.is_active = True
    person.save(update_fields=["is_active"])
    sync_grants(*locked_projects(projects_of(person)))
    record(
        CatalogEvent.PERSON_REACTIVATED,
        subject=person,
        by=by,
        private={"person": name_of(person)},
    )
    return person
