"""The sweeps of the catalog."""

from celery import shared_task

from audit.origin import Origin, coming_from
from catalog.actions.expire_memberships import expire_memberships


@shared_task(name="catalog.expire_memberships", soft_time_limit=300, time_limit=330)
def expire() -> None:
    """Write down which memberships have ended by their date."""
    with coming_from(Origin("worker")):
        expire_memberships()
