"""Nudges of the carry-out: sent after the commit, by name. A lost one costs one sweep's interval."""

from collections.abc import Iterator

from catalog import nudges
from deployments.models import UNFINISHED, Deployment
from releases.models import ChangeRequest
from releases.queue import CARRY_OUT

REEVALUATE_ENVIRONMENT = "releases.reevaluate_environment"

STALE_AFTER = 60
"""Seconds: the sweep asks again long before, so an older nudge has nothing left to say."""


def nudge(number: int) -> None:
    """Let a worker carry out the change request, or go on with it."""
    nudges.nudge(CARRY_OUT, number, expires=STALE_AFTER)


def nudge_reevaluation_of(environment_id: int) -> None:
    """Let a worker evaluate the environment's open change requests again: what they signed changed."""
    nudges.nudge(REEVALUATE_ENVIRONMENT, environment_id)


def nudge_next(environment_id: int) -> None:
    """Let a worker begin what has waited longest in this environment."""
    waiting = ChangeRequest.objects.waiting_for_carry_out().filter(environment_id=environment_id)
    number = waiting.values_list("number", flat=True).first()
    if number is not None:
        nudge(number)


def forgotten() -> Iterator[int]:
    """Yield the change requests that no worker is busy with although one could be.

    Abandoned and retried deployments, and the head of the queue of every environment in which
    nothing is being carried out.
    """
    yield from Deployment.objects.abandoned().values_list("change_request_id", flat=True)
    busy = Deployment.objects.filter(state__in=UNFINISHED).values("environment_id")
    waiting = ChangeRequest.objects.waiting_for_carry_out().exclude(environment_id__in=busy)
    yield from (
        waiting.order_by("environment_id", "state_since", "number")
        .distinct("environment_id")
        .values_list("number", flat=True)
    )
