"""A worker that must stop gives its work back at once instead of letting the lease run out."""

from django.db import transaction
from django.utils import timezone

from deployments.executors.work import LeaseLost, Work
from deployments.models import Deployment
from deployments.queue import nudge


@transaction.atomic(durable=True)
def let_go(work: Work) -> None:
    """End the lease and wake another worker; quiet when the work is no longer ours."""
    deployment = Deployment.objects.select_for_update(of=("self",), no_key=True).get(
        pk=work.deployment.pk
    )
    try:
        work.still_held(deployment)
    except LeaseLost:
        return
    deployment.lease_holder = ""
    deployment.lease_until = timezone.now()
    deployment.save(update_fields=["lease_holder", "lease_until"])
    nudge(deployment.change_request_id)
