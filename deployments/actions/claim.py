"""Take up a change request that waits to be carried out, or one whose worker fell silent."""

import secrets
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from audit.record import record
from catalog.models import Environment, the_portal
from deployments.audit_events import DeploymentEvent
from deployments.executors.registry import executor_of
from deployments.executors.work import Work, lease_end
from deployments.models import Deployment, DeploymentState, DeploymentStep, Target
from deployments.queue import nudge, nudge_next
from releases import progress
from releases.actions.reevaluate import still_stands
from releases.locking import lock_change_request
from releases.models import ChangeRequest
from releases.states import ChangeRequestState

WITHOUT_TARGET = timedelta(minutes=10)


@transaction.atomic(durable=True)
def claim(number: int, *, worker: str) -> Work | None:
    """Give this worker the lease, or None when there is nothing for it to do now.

    The environment's row is locked first: whoever else wants to deploy there waits for this short
    transaction and then sees that it is taken. What cannot begin now stays queued; whoever finishes
    wakes the next one.
    """
    environment = (
        Environment.objects.select_for_update(of=("self",), no_key=True)
        .filter(change_requests__number=number)
        .first()
    )
    if environment is None:
        return None
    change_request = lock_change_request(number)
    holder = f"{worker[:100]}#{secrets.token_hex(6)}"
    busy = Deployment.objects.unfinished().filter(environment=environment).first()
    if busy is not None:
        return _take_over(busy, change_request, holder)
    if change_request.state != ChangeRequestState.QUEUED or not _is_next(change_request):
        return None
    if still_stands(change_request, by=the_portal()) is not None:
        nudge_next(environment.pk)
        return None
    return _begin(change_request, holder)


def _is_next(change_request: ChangeRequest) -> bool:
    """Return whether nobody waits longer for this environment; if somebody does, wake them."""
    queue = ChangeRequest.objects.waiting_for_carry_out()
    first = queue.filter(environment_id=change_request.environment_id).first()
    if first is None or first.pk == change_request.pk:
        return True
    nudge(first.number)
    return False


def _begin(change_request: ChangeRequest, holder: str) -> Work:
    target = Target.objects.filter(environment_id=change_request.environment_id).first()
    allowed = timedelta(seconds=target.timeout_seconds) if target else WITHOUT_TARGET
    deployment = Deployment.objects.create(
        change_request=change_request,
        environment=change_request.environment,
        give_up_at=timezone.now() + allowed,
        lease_holder=holder,
        lease_until=lease_end(),
    )
    steps = executor_of(target).steps(change_request, target) if target else []
    DeploymentStep.objects.bulk_create(
        DeploymentStep(
            deployment=deployment,
            position=position,
            verb=step.verb,
            workload=step.workload,
            title=step.title,
            record=step.record,
        )
        for position, step in enumerate(steps, start=1)
    )
    progress.begin(change_request, by=the_portal())
    record(DeploymentEvent.STARTED, subject=deployment, by=the_portal(), worker=deployment.worker)
    return Work(deployment)


def _take_over(deployment: Deployment, change_request: ChangeRequest, holder: str) -> Work | None:
    """Go on where another worker stopped, if it did and the time has come."""
    now = timezone.now()
    if (
        deployment.change_request_id != change_request.pk
        or deployment.state != DeploymentState.RUNNING
        or deployment.lease_until > now
        or (deployment.try_again_at is not None and deployment.try_again_at > now)
    ):
        return None
    deployment = Deployment.objects.select_for_update(of=("self",), no_key=True).get(
        pk=deployment.pk
    )
    if deployment.state != DeploymentState.RUNNING or deployment.lease_until > timezone.now():
        return None  # its worker lives after all
    silent = deployment.worker
    deployment.change_request = change_request
    deployment.environment = change_request.environment
    deployment.lease_holder = holder
    deployment.lease_until = lease_end()
    deployment.try_again_at = None
    deployment.save(update_fields=["lease_holder", "lease_until", "try_again_at"])
    if silent:
        record(
            DeploymentEvent.TAKEN_OVER,
            subject=deployment,
            by=the_portal(),
            worker=deployment.worker,
            from_worker=silent,
        )
    return Work(deployment)
