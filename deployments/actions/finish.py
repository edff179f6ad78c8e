"""Everything is carried out and verified."""

from django.db import transaction

from deployments import endings
from deployments.executors.work import Work
from deployments.models import Deployment


@transaction.atomic(durable=True)
def finish(work: Work, *, what: str) -> None:
    """End the deployment well.

    Raises:
        LeaseLost: another worker holds it.
    """
    deployment = Deployment.objects.lock_with_request(work.deployment.pk)
    work.still_held(deployment)
    endings.succeed(deployment, what=what)
