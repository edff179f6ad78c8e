"""Memberships past their date: they held nothing since then; this writes it down."""

from django.db import transaction
from django.utils import timezone

from audit.record import record
from catalog.audit_events import CatalogEvent
from catalog.grants import sync_grants
from catalog.locking import locked
from catalog.members import describe, private_name
from catalog.models import Membership, Project, the_portal


def expire_memberships() -> int:
    """End every membership whose date has passed, project by project; return how many."""
    ripe = Project.objects.filter(
        memberships__ended_at=None, memberships__expires_at__lte=timezone.now()
    )
    return sum(_expire_in(project) for project in ripe.distinct().order_by("pk"))


@transaction.atomic(durable=True)
def _expire_in(project: Project) -> int:
    project = locked(project)
    ended = end_expired(project)
    if ended:
        sync_grants(project)
    return ended


def end_expired(project: Project) -> int:
    """End the memberships of a locked project whose date has passed, inside an action; return how many."""
    ripe = Membership.objects.filter(
        project=project, ended_at=None, expires_at__lte=timezone.now()
    ).select_related("user", "team", "role")
    listed = list(ripe)
    for membership in listed:
        membership.ended_at = membership.expires_at
        membership.save(update_fields=["ended_at"])
        record(
            CatalogEvent.MEMBERSHIP_EXPIRED,
            subject=project,
            by=the_portal(),
            private=private_name(membership),
            **describe(membership),
        )
    return len(listed)
