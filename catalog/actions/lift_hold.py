"""Lift a legal hold."""

from django.db import transaction
from django.utils import timezone

from audit.privacy.events import PrivacyEvent
from audit.privacy.models import LegalHold
from audit.record import record
from catalog.errors import NotFound
from catalog.models import User
from catalog.permissions import PortalPermission, require_portal


@transaction.atomic(durable=True)
def lift_hold(hold_id: int, *, by: User) -> LegalHold:
    """Let erasure and pruning go on, as far as no other hold keeps the data. Twice is no harm.

    Raises:
        NotPermitted: without the portal permission ``manage_privacy``.
        NotFound: there is no such hold.
    """
    require_portal(PortalPermission.MANAGE_PRIVACY, by)
    hold = LegalHold.objects.select_for_update().filter(pk=hold_id).first()
    if hold is None:
        raise NotFound(f"There is no legal hold {hold_id}.")
    if hold.lifted_at is None:
        hold.lifted_by, hold.lifted_at = by, timezone.now()
        hold.save(update_fields=["lifted_by", "lifted_at"])
        record(
            PrivacyEvent.HOLD_LIFTED,
            subject=hold,
            by=by,
            kind=hold.kind,
            about=hold.about,
            what=hold.what,
        )
    return hold
