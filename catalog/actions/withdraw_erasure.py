"""Withdraw an erasure that was not carried out yet."""

from django.db import transaction

from audit.personal import name_of
from audit.privacy.events import PrivacyEvent
from audit.privacy.models import Erasure
from audit.privacy.states import ErasureVerb
from audit.record import record
from catalog.erasures import locked_erasure, moved
from catalog.models import User
from catalog.permissions import PortalPermission, require_portal


@transaction.atomic(durable=True)
def withdraw_erasure(erasure_id: int, *, by: User) -> Erasure:
    """Leave everything as it is.

    Raises:
        NotPermitted: without the portal permission ``manage_privacy``.
        WrongMoment: it was carried out, or withdrawn before.
    """
    require_portal(PortalPermission.MANAGE_PRIVACY, by)
    erasure = locked_erasure(erasure_id)
    erasure.state = moved(erasure, ErasureVerb.WITHDRAW)
    erasure.save(update_fields=["state"])
    record(
        PrivacyEvent.ERASURE_WITHDRAWN,
        subject=erasure,
        by=by,
        private={"person": name_of(erasure.account)},
        subject_id=erasure.subject,
    )
    return erasure
