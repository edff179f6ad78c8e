"""The target did not answer: try again later, or give up."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from audit.record import record
from catalog.models import the_portal
from deployments import endings
from deployments.audit_events import DeploymentEvent
from deployments.executors.work import Work, plain
from deployments.models import Deployment

LONGEST_PAUSE = timedelta(minutes=2)


@transaction.atomic(durable=True)
def note_no_answer(work: Work, *, why: str) -> None:
    """Let the lease go until the next try is due; after the last try what was applied is put back.

    When nothing was, or putting back gets no answer either, the deployment has errored: nobody can tell.

    Raises:
        LeaseLost: another worker holds it.
    """
    deployment = Deployment.objects.lock_with_request(work.deployment.pk)
    work.still_held(deployment)
    now = timezone.now()
    deployment.tries += 1
    record(
        DeploymentEvent.NO_ANSWER,
        subject=deployment,
        by=the_portal(),
        outcome="error",
        tries=deployment.tries,
        why=plain(why),
    )
    pause = pause_after(deployment.tries)
    if deployment.tries >= settings.CARRY_OUT_TRIES or now >= deployment.give_up_at:
        if deployment.reason or not endings.is_touched(deployment):
            endings.give_up(deployment, why=_last_word(deployment, why))
            return
        endings.turn_back(deployment, why=f"The target did not answer {_times(deployment)}. {why}")
    deployment.lease_holder = ""
    deployment.lease_until = now
    deployment.try_again_at = now + pause
    deployment.save()


def pause_after(tries: int) -> timedelta:
    """Return how long to leave the target alone after so many tries in a row."""
    first = timedelta(seconds=settings.CARRY_OUT_RETRY_SECONDS)
    return min(first * (1 << (tries - 1)), LONGEST_PAUSE)


def _last_word(deployment: Deployment, why: str) -> str:
    times = _times(deployment)
    silence = f"The target did not answer {times}, so nobody can tell what runs there now. {why}"
    if not deployment.reason:
        return silence
    return f"{deployment.reason} It could not be put back: {silence}"


def _times(deployment: Deployment) -> str:
    return "once" if deployment.tries == 1 else f"{deployment.tries} times in a row"
