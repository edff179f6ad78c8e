"""A definite no: from here on the work is to let what ran before run on."""

from django.db import transaction

from deployments.endings import turn_back
from deployments.executors.work import Work
from deployments.models import Deployment


@transaction.atomic(durable=True)
def begin_putting_back(work: Work, *, why: str) -> None:
    """Write down the reason and one step per workload that was applied to; safe to repeat.

    Raises:
        LeaseLost: another worker holds it.
    """
    deployment = Deployment.objects.lock_with_request(work.deployment.pk)
    work.still_held(deployment)
    if deployment.reason:
        return  # taken over from a worker that had begun
    turn_back(deployment, why=why)
    deployment.save()
    work.deployment = deployment
    work.steps = list(deployment.steps.all())
