"""A role is taken away."""

from django.db import transaction
from django.utils import timezone

from audit.record import record
from catalog.audit_events import CatalogEvent
from catalog.errors import WrongMoment
from catalog.grants import sync_grants
from catalog.locking import locked
from catalog.members import describe, private_name
from catalog.models import Membership, User
from catalog.permissions import Permission, require


@transaction.atomic(durable=True)
def end_membership(membership: Membership, *, by: User) -> Membership:
    """End a membership now; its grants end with it.

    Raises:
        NotPermitted: without ``manage_members`` in its project.
        WrongMoment: it has ended already.
    """
    project = locked(membership.project)
    membership = locked(membership)
    require(Permission.MANAGE_MEMBERS, by, project)
    if membership.ended_at is not None:
        raise WrongMoment("This membership has ended already.")
    membership.ended_at = timezone.now()
    membership.save(update_fields=["ended_at"])
    sync_grants(project)
    record(
        CatalogEvent.MEMBERSHIP_ENDED,
        subject=project,
        by=by,
        private=private_name(membership),
        **describe(membership),
    )
    return membership
