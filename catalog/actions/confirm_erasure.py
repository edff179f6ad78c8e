"""Confirm an erasure that somebody else asked for."""

from django.db import transaction
from django.utils import timezone

from audit.personal import name_of
from audit.privacy.events import PrivacyEvent
from audit.privacy.models import Erasure
from audit.privacy.states import ErasureVerb
from audit.record import record
from catalog.actions.request_erasure import refuse_held
from catalog.erasures import locked_erasure, moved
from catalog.errors import NotPermitted
from catalog.models import User
from catalog.nudges import nudge
from catalog.permissions import PortalPermission, require_portal

ERASE = "catalog.erase"


@transaction.atomic(durable=True)
def confirm_erasure(erasure_id: int, *, by: User) -> Erasure:
    """Let a worker carry it out. There is no way back once it has.

    Raises:
        NotPermitted: without the portal permission ``manage_privacy``, by whoever asked for it, or by
            whose data it is.
        WrongMoment: it does not wait for a second person.
        Held: a legal hold keeps the data.
    """
    require_portal(PortalPermission.MANAGE_PRIVACY, by)
    erasure = locked_erasure(erasure_id)
    if by.pk in {erasure.requested_by_id, erasure.account_id}:
        raise NotPermitted(
            "An erasure takes two: who asked for it, or whose data it is, does not confirm it. Somebody "
            "else with the portal permission 'manage_privacy' does."
        )
    state = moved(erasure, ErasureVerb.CONFIRM)
    refuse_held(erasure.account)
    erasure.state, erasure.confirmed_by, erasure.confirmed_at = state, by, timezone.now()
    erasure.save(update_fields=["state", "confirmed_by", "confirmed_at"])
    record(
        PrivacyEvent.ERASURE_CONFIRMED,
        subject=erasure,
        by=by,
        private={"person": name_of(erasure.account)},
        subject_id=erasure.subject,
    )
    nudge(ERASE, erasure.pk)
    return erasure
