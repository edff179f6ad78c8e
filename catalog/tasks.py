"""The sweeps of the catalog."""

from celery import shared_task

from audit.origin import Origin, coming_from
from audit.privacy.models import Erasure
from audit.privacy.states import ErasureState
from catalog.actions.erase_person import erase_person, erase_what_came_back
from catalog.actions.expire_memberships import expire_memberships


@shared_task(name="catalog.expire_memberships", soft_time_limit=300, time_limit=330)
def expire() -> None:
    """Write down which memberships have ended by their date."""
    with coming_from(Origin("worker")):
        expire_memberships()


@shared_task(name="catalog.erase", soft_time_limit=1700)
def erase(erasure_id: int) -> None:
    """Carry out an erasure that two people want. A repeated or late message does no harm."""
    with coming_from(Origin("worker")):
        erase_person(erasure_id)


@shared_task(name="catalog.sweep_erasures", soft_time_limit=1700)
def sweep_erasures() -> None:
    """Find erasures whose nudge was lost or whose hold was lifted, and what a restore brought back."""
    with coming_from(Origin("worker")):
        confirmed = Erasure.objects.filter(state=ErasureState.CONFIRMED).order_by("pk")
        for erasure_id in confirmed.values_list("pk", flat=True)[:20]:
            erase_person(erasure_id)
        erase_what_came_back()
