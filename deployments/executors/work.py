"""A deployment in the hands of one worker: the lease, and the steps as they are written down.

Every write happens in a short transaction that first locks the deployment and looks whether the lease
is still ours (fencing). A worker that was asleep for too long stops there with :class:`LeaseLost`.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from audit.names import EventName
from audit.record import record
from catalog.models import the_portal
from deployments.models import (
    Deployment,
    DeploymentState,
    DeploymentStep,
    StepState,
    StepVerb,
    Target,
)
from releases import progress
from releases.models import ChangeRequest
from releases.states import ChangeRequestState

LONGEST_SENTENCE = 2000
"""Characters: what a cluster or an executor says is cut there, so that an event always fits its entry."""


class LeaseLost(Exception):
    """Another worker took the deployment over, or somebody brought it to an end."""


def lease_end() -> datetime:
    """Return until when a lease that is given now holds."""
    return timezone.now() + timedelta(seconds=settings.CARRY_OUT_LEASE_SECONDS)


def plain(sentence: str) -> str:
    """Return the words of somebody outside as they can be stored and shown."""
    cleaned = sentence.encode("utf-8", "replace").decode().replace("\x00", "").strip()
    return cleaned if len(cleaned) <= LONGEST_SENTENCE else f"{cleaned[:LONGEST_SENTENCE]}…"


class Work:
    """What an executor reads and writes while it has the lease.

    Attributes:
        deployment: as it was when the work was taken up.
        steps: in order; kept up to date by the writes below.
    """

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.holder = deployment.lease_holder
        self.steps = list(deployment.steps.all())
        self._kept = time.monotonic()

    @property
    def change_request(self) -> ChangeRequest:
        """What is carried out."""
        return self.deployment.change_request

    @cached_property
    def target(self) -> Target:
        """How the environment is reached; it cannot change while the deployment is unfinished."""
        return Target.objects.select_related("cluster", "environment__project").get(
            environment_id=self.deployment.environment_id
        )

    @property
    def out_of_time(self) -> bool:
        """Whether the whole attempt has taken as long as it may."""
        return timezone.now() >= self.deployment.give_up_at

    def step(self, verb: StepVerb) -> DeploymentStep:
        """Return the only step of this verb."""
        return next(step for step in self.steps if step.verb == verb)

    def open(self, verb: StepVerb) -> list[DeploymentStep]:
        """Return the steps of this verb that are not done yet."""
        return [step for step in self.steps if step.verb == verb and step.is_open]

    # ── the lease ────────────────────────────────────────────────────────────────────────────────

    def still_held(self, deployment: Deployment) -> Deployment:
        """Return the row, which the caller has locked, if it is still ours.

        Raises:
            LeaseLost: it is not.
        """
        if deployment.lease_holder != self.holder or deployment.state != DeploymentState.RUNNING:
            raise LeaseLost(f"{self.holder} no longer holds deployment {deployment.pk}.")
        return deployment

    @contextmanager
    def held(self) -> Iterator[Deployment]:
        """Open a short transaction in which the deployment is locked and ours, and renew the lease.

        Raises:
            LeaseLost: another worker holds it.
        """
        with transaction.atomic(durable=True):
            rows = Deployment.objects.select_for_update(of=("self",), no_key=True)
            deployment = self.still_held(rows.get(pk=self.deployment.pk))
            deployment.change_request = self.change_request
            deployment.lease_until = lease_end()
            deployment.save(update_fields=["lease_until"])
            yield deployment
        self._kept = time.monotonic()

    def confirm(self) -> None:
        """Make sure, right before something outside is changed, that it is still ours to change."""
        with self.held():
            pass

    def keep(self) -> None:
        """Renew the lease when a third of it is gone; the heartbeat of every loop that waits."""
        if time.monotonic() - self._kept > settings.CARRY_OUT_LEASE_SECONDS / 3:
            self.confirm()

    # ── the steps ────────────────────────────────────────────────────────────────────────────────

    def begin(self, step: DeploymentStep) -> None:
        """Show that a step is being done."""
        with self.held():
            step.state = StepState.RUNNING
            step.started_at = step.started_at or timezone.now()
            step.save(update_fields=["state", "started_at"])

    def say(self, step: DeploymentStep, sentence: str) -> None:
        """Show how far it is; written only when that has changed."""
        if plain(sentence) == step.sentence:
            self.keep()
            return
        with self.held():
            step.sentence = plain(sentence)
            step.save(update_fields=["sentence"])

    def remember(self, step: DeploymentStep, **facts: Any) -> None:
        """Write down what whoever goes on with the step must know."""
        with self.held():
            step.record = step.record | facts
            step.save(update_fields=["record"])

    def done(
        self,
        step: DeploymentStep,
        sentence: str,
        *,
        event: EventName | None = None,
        keep_in_mind: dict[str, Any] | None = None,
        **facts: Any,
    ) -> None:
        """Close a step, with its event; the target answered, so the count of tries begins anew."""
        with self.held() as deployment:
            self._close(step, StepState.DONE, sentence)
            step.record = step.record | (keep_in_mind or {})
            step.save()
            if deployment.tries:
                deployment.tries = 0
                deployment.save(update_fields=["tries"])
            if event is not None:
                record(event, subject=deployment, by=the_portal(), **facts)

    def failed(self, step: DeploymentStep, sentence: str) -> None:
        """Close a step that was refused while the others go on."""
        with self.held():
            self._close(step, StepState.FAILED, sentence)
            step.save()

    @staticmethod
    def _close(step: DeploymentStep, state: StepState, sentence: str) -> None:
        step.state = state
        step.sentence = plain(sentence)
        step.finished_at = timezone.now()

    def everything_is_rolled_out(self) -> None:
        """Move the change request on to being verified, once."""
        with transaction.atomic(durable=True):
            deployment = Deployment.objects.lock_with_request(self.deployment.pk)
            self.still_held(deployment)
            if deployment.change_request.state == ChangeRequestState.DEPLOYING:
                progress.verify(deployment.change_request, by=the_portal())
            self.deployment.change_request = deployment.change_request
