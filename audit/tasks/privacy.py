"""What workers do for personal data: find, call, decide nothing."""

from typing import Final

from celery import shared_task

from audit.origin import Origin, coming_from
from audit.packs.erasure import remove_files_of_removed_packs
from audit.privacy.pruning import prune_everything
from audit.privacy.receipts import prove as prove_erasure
from audit.privacy.receipts import waiting_for_proof

_LONG: Final = 1700


@shared_task(name="audit.prove_erasure", soft_time_limit=600)
def prove(erasure_id: int) -> None:
    """Issue the receipt of an erasure. A repeated or late message does no harm."""
    with coming_from(Origin("worker")):
        prove_erasure(erasure_id)


@shared_task(name="audit.sweep_receipts", soft_time_limit=600)
def sweep() -> None:
    """Find erasures without a receipt."""
    with coming_from(Origin("worker")):
        for erasure_id in waiting_for_proof():
            prove_erasure(erasure_id)


@shared_task(name="audit.prune", soft_time_limit=_LONG)
def prune() -> None:
    """Remove what was kept for as long as its class says."""
    with coming_from(Origin("worker")):
        prune_everything()
        remove_files_of_removed_packs()
