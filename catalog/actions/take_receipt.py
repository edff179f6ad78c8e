"""Give the receipt of an erasure to somebody; that they took it is an event."""

from django.db import transaction

from audit.privacy.events import PrivacyEvent
from audit.privacy.models import Erasure
from audit.privacy.states import ErasureState
from audit.record import record
from catalog.erasures import require_sight
from catalog.errors import NotFound, WrongMoment
from catalog.models import User


@transaction.atomic(durable=True)
def take_receipt(erasure_id: int, *, by: User) -> Erasure:
    """Return the erasure with its receipt.

    Raises:
        NotPermitted: without ``manage_privacy`` and ``view_whole_audit``.
        NotFound: there is no such erasure.
        WrongMoment: there is no receipt yet.
    """
    require_sight(by)
    erasure = Erasure.objects.filter(pk=erasure_id).first()
    if erasure is None:
        raise NotFound(f"There is no erasure {erasure_id}.")
    if erasure.state != ErasureState.PROVEN:
        raise WrongMoment(
            f"The {erasure} is: {erasure.get_state_display().lower()}. Its receipt is issued when it was "
            "carried out and its event is signed."
        )
    record(
        PrivacyEvent.RECEIPT_DOWNLOADED,
        subject=erasure,
        by=by,
        subject_id=erasure.subject,
        sha256=erasure.receipt_sha256,
    )
    return erasure
