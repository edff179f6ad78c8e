"""How a deployment ends, or turns back before: its state, its change request's and their events together.

These are no actions. An action calls them inside its own transaction, on a deployment that it got from
``Deployment.objects.lock_with_request``.
"""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from audit.record import record
from catalog.models import the_portal
from deployments.audit_events import DeploymentEvent
from deployments.executors.work import plain
from deployments.models import (
    OPEN_STEPS,
    Deployment,
    DeploymentState,
    DeploymentStep,
    StepState,
    StepVerb,
)
from deployments.queue import nudge_next
from models_registry.aliases import order_aliases
from releases import progress
from releases.marking import mark_for_evaluation
from releases.states import ChangeRequestState

TIME_TO_PUT_BACK = timedelta(minutes=5)
"""However little of the attempt's time is left."""


def succeed(deployment: Deployment, *, what: str) -> None:
    """Everything was carried out, and ``what`` was verified or vouched for."""
    change_request, portal = deployment.change_request, the_portal()
    if change_request.state == ChangeRequestState.DEPLOYING:
        progress.verify(change_request, by=portal)
    _close(deployment, DeploymentState.SUCCEEDED)
    record(DeploymentEvent.SUCCEEDED, subject=deployment, by=portal)
    progress.finish(change_request, by=portal, what=plain(what))
    order_aliases(
        deployment.environment, change_request.release_id, change_request=change_request.number
    )
    mark_for_evaluation(Q(environment=deployment.environment_id))  # they have another champion now
    nudge_next(deployment.environment_id)


def is_touched(deployment: Deployment) -> bool:
    """Return whether something may have been applied to a cluster."""
    return bool(_touched(deployment))


def turn_back(deployment: Deployment, *, why: str) -> None:
    """From here on what ran before is put back; the row is left unsaved.

    There is a step for every workload whose apply was made, or may have been: its answer was not seen.
    """
    touched = _touched(deployment)
    deployment.reason = plain(why)
    deployment.tries = 0
    deployment.give_up_at = max(deployment.give_up_at, timezone.now() + TIME_TO_PUT_BACK)
    close_open_steps(deployment, why)
    last = deployment.steps.count()
    DeploymentStep.objects.bulk_create(
        DeploymentStep(
            deployment=deployment,
            position=last + number,
            verb=StepVerb.PUT_BACK,
            workload=step.workload,
            title=f"Put {step.workload} back to what ran before",
        )
        for number, step in enumerate(touched, start=1)
    )
    record(
        DeploymentEvent.PUTTING_BACK,
        subject=deployment,
        by=the_portal(),
        outcome="failure",
        why=deployment.reason,
    )


def _touched(deployment: Deployment) -> list[DeploymentStep]:
    perhaps = [StepState.DONE, StepState.RUNNING]
    return list(deployment.steps.filter(verb=StepVerb.APPLY, state__in=perhaps))


def fail(deployment: Deployment, *, why: str, in_their_words: str = "") -> None:
    """A definite no.

    Args:
        why: goes into the audit entries, so it names nobody.
        in_their_words: what a person or an executor wrote; shown, but kept out of the entries.
    """
    why, portal = plain(why), the_portal()
    reason = plain(f"{why} {in_their_words}")
    _close(deployment, DeploymentState.FAILED, reason=reason)
    close_open_steps(deployment, reason)
    record(DeploymentEvent.FAILED, subject=deployment, by=portal, outcome="failure", why=why)
    progress.fail(deployment.change_request, by=portal, why=why)
    nudge_next(deployment.environment_id)


def give_up(deployment: Deployment, *, why: str) -> None:
    """Nobody could tell."""
    why, portal = plain(why), the_portal()
    _close(deployment, DeploymentState.ERRORED, reason=why)
    close_open_steps(deployment, why)
    record(DeploymentEvent.ERRORED, subject=deployment, by=portal, outcome="error", why=why)
    progress.give_up(deployment.change_request, by=portal, why=why)
    nudge_next(deployment.environment_id)


def close_open_steps(deployment: Deployment, why: str) -> None:
    """The step that was being done failed; those that never began are skipped."""
    now = timezone.now()
    steps = deployment.steps
    steps.filter(state=StepState.RUNNING).update(
        state=StepState.FAILED, sentence=plain(why), finished_at=now
    )
    steps.filter(state__in=OPEN_STEPS).update(state=StepState.SKIPPED, finished_at=now)


def _close(deployment: Deployment, state: DeploymentState, *, reason: str = "") -> None:
    deployment.state = state
    deployment.reason = reason
    deployment.finished_at = timezone.now()
    deployment.lease_until = deployment.finished_at
    deployment.try_again_at = None
    deployment.callback_digest = ""
    deployment.save()
