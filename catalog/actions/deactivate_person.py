"""Somebody leaves: the account stays as the name of what it did, and may do nothing more."""

from django.db import transaction
from django.utils import timezone

from audit.personal import name_of
from audit.record import record
from catalog.audit_events import CatalogEvent
from catalog.errors import Conflict
from catalog.grants import sync_grants
from catalog.locking import locked, locked_projects
from catalog.models import User
from catalog.permissions import PortalPermission, require_portal
from catalog.reach import projects_of
from catalog.standing import refuse_oneself, require_standing_over


@transaction.atomic(durable=True)
def deactivate_person(person: User, *, by: User) -> User:
    """Deactivate an account. Its tokens are revoked for good, its grants end; doing it twice is no harm.

    Raises:
        NotPermitted: without the portal permission ``manage_people``, or for the own account.
        Conflict: it is the last active superuser.
    """
    # All superusers are locked, so that two of them cannot deactivate each other at once.
    superusers = list(
        User.objects.select_for_update(no_key=True).filter(is_superuser=True).order_by("pk")
    )
    person = locked(person)
    require_portal(PortalPermission.MANAGE_PEOPLE, by)
    require_standing_over(person, by)
    refuse_oneself(person, by, "deactivate your own account")
    if not person.is_active:
        return person
    others = [other for other in superusers if other.is_active and other.pk != person.pk]
    if person.is_superuser and not others:
        raise Conflict(
            f"{person.display_name} is the last active superuser, without whom nobody could "
            "administer the portal. Make another superuser first."
        )
    person.is_active = False
    person.save(update_fields=["is_active"])
    revoked = person.api_tokens.filter(revoked_at=None).update(revoked_at=timezone.now())
    sync_grants(*locked_projects(projects_of(person)))
    record(
        CatalogEvent.PERSON_DEACTIVATED,
        subject=person,
        by=by,
        private={"person": name_of(person)},
        tokens_revoked=revoked,
    )
    return person
