"""Somebody outside has been told or must be asked; no worker is needed until they speak."""

from django.db import transaction
from django.utils import timezone

from audit.record import record
from catalog.models import the_portal
from deployments.audit_events import DeploymentEvent
from deployments.executors.work import Work
from deployments.models import Deployment, DeploymentState, StepState, StepVerb


@transaction.atomic(durable=True)
def wait_for_word(work: Work) -> None:
    """Let the deployment wait; the sweep gives up on it when its time is over.

    Raises:
        LeaseLost: another worker holds it, or the report has come already.
    """
    deployment = Deployment.objects.lock_with_request(work.deployment.pk)
    work.still_held(deployment)
    now = timezone.now()
    deployment.state = DeploymentState.WAITING
    deployment.lease_holder = ""
    deployment.lease_until = now
    deployment.tries = 0
    deployment.save()
    deployment.steps.filter(verb=StepVerb.ATTEST).update(
        state=StepState.RUNNING,
        started_at=now,
        sentence=f"Until {deployment.give_up_at:%Y-%m-%d %H:%M} UTC.",
    )
    record(
        DeploymentEvent.WAITING,
        subject=deployment,
        by=the_portal(),
        until=f"{deployment.give_up_at:%Y-%m-%d %H:%M} UTC",
    )
