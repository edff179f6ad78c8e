"""A definite no: from here on the work is to let what ran before run on."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from audit.record import record
from catalog.models import the_portal
from deployments.audit_events import DeploymentEvent
from deployments.endings import close_open_steps
from deployments.executors.work import Work, plain
from deployments.models import Deployment, DeploymentStep, StepState, StepVerb

TIME_FOR_IT = timedelta(minutes=5)
"""However little of the attempt's time is left."""


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
    deployment.reason = plain(why)
    deployment.tries = 0
    deployment.give_up_at = max(deployment.give_up_at, timezone.now() + TIME_FOR_IT)
    deployment.save(update_fields=["reason", "tries", "give_up_at"])
    close_open_steps(deployment, why)
    _add_steps(deployment)
    record(
        DeploymentEvent.PUTTING_BACK,
        subject=deployment,
        by=the_portal(),
        outcome="failure",
        why=deployment.reason,
    )
    work.deployment = deployment
    work.steps = list(deployment.steps.all())


def _add_steps(deployment: Deployment) -> None:
    steps = list(deployment.steps.all())
    applied = [
        step for step in steps if step.verb == StepVerb.APPLY and step.state == StepState.DONE
    ]
    DeploymentStep.objects.bulk_create(
        DeploymentStep(
            deployment=deployment,
            position=len(steps) + number,
            verb=StepVerb.PUT_BACK,
            workload=step.workload,
            title=f"Put {step.workload} back to what ran before",
        )
        for number, step in enumerate(applied, start=1)
    )
