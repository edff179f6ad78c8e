"""A worker sees to a retraining request: every step is written down before and after the call it is about.

The row is the work (docs/adr/0006). ``called_at`` is committed before a call that may begin a training, so
whoever takes over from a worker that died knows that one may have been begun.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from audit.record import record
from catalog.models import the_portal
from models_registry.audit_events import RetrainingEvent
from models_registry.clients.triggers.port import Begun, Phase, Seen
from models_registry.models import RetrainingRequest
from models_registry.retraining_rules import held_request, locked_requests, move
from models_registry.states import RetrainingState, RetrainingVerb

LONGEST_PAUSE = 600
LONGEST_SENTENCE = 2000
LONGEST_NAME = 250


@transaction.atomic(durable=True)
def claim_retraining(request_id: int, *, holder: str) -> RetrainingRequest | None:
    """Take the lease of a request; None when there is nothing to do for it now."""
    row = (
        locked_requests()
        .filter(pk=request_id, try_at__lte=timezone.now(), expires_at__gt=timezone.now())
        .exclude(state=RetrainingState.UNCLEAR)
        .first()
    )
    if row is None or not row.is_open:
        return None
    row.lease_holder, row.try_at = holder, _in(settings.RETRAINING_LEASE_SECONDS)
    row.save(update_fields=["lease_holder", "try_at"])
    return row


@transaction.atomic(durable=True)
def note_call(request: RetrainingRequest, *, holder: str) -> None:
    """Write down that a call is made now, and keep the lease for it.

    Raises:
        LeaseLost: another worker sees to it, or it has ended.
    """
    row = held_request(request.pk, holder)
    row.called_at = timezone.now()
    row.try_at = _in(settings.RETRAINING_LEASE_SECONDS)
    row.save(update_fields=["called_at", "try_at"])
    request.called_at = row.called_at


@transaction.atomic(durable=True)
def note_begun(request: RetrainingRequest, begun: Begun, *, looks: bool, holder: str) -> None:
    """The tool has taken it.

    Raises:
        LeaseLost: another worker sees to it, or it has ended.
    """
    row = held_request(request.pk, holder)
    move(row, RetrainingVerb.TRIGGER)
    row.triggered_at, row.sentence, row.tries = timezone.now(), "", 0
    _name(row, begun)
    _let_go(row, settings.RETRAINING_LOOK_SECONDS if looks else None)
    row.save()
    record(
        RetrainingEvent.TRIGGERED,
        subject=row,
        by=the_portal(),
        tool=row.trigger.tool,
        run=row.run_id or "a run that the tool did not name",
        own_id=row.own_id,
        url=row.run_url,
    )


@transaction.atomic(durable=True)
def note_seen(request: RetrainingRequest, seen: Seen, *, looks: bool, holder: str) -> None:
    """Write down how far it is in the tool; a failure there ends it.

    Raises:
        LeaseLost: another worker sees to it, or it has ended.
    """
    row = held_request(request.pk, holder)
    was = row.state
    if seen.phase == Phase.FAILED:
        _fail(row, seen.sentence)
        return
    if seen.phase != Phase.WAITING and was == RetrainingState.TRIGGERED:
        move(row, RetrainingVerb.RUN)
    row.sentence = seen.sentence[:LONGEST_SENTENCE]
    if seen.phase == Phase.SUCCEEDED:
        row.sentence += " Its version has not come from MLflow yet."
    row.tries = 0
    _name(row, seen.begun)
    _let_go(row, settings.RETRAINING_LOOK_SECONDS if looks else None)
    row.save()
    if row.state != was:
        tool = row.trigger.tool
        record(RetrainingEvent.RUNNING, subject=row, by=the_portal(), tool=tool, run=row.run_id)


@transaction.atomic(durable=True)
def note_no_answer(
    request: RetrainingRequest, sentence: str, *, is_unsent: bool = False, holder: str
) -> None:
    """Try again later, after pauses that double.

    Args:
        is_unsent: the call surely began nothing.

    Raises:
        LeaseLost: another worker sees to it, or it has ended.
    """
    row = held_request(request.pk, holder)
    row.tries += 1
    row.sentence = sentence[:LONGEST_SENTENCE]
    if is_unsent and row.triggered_at is None:
        row.called_at = None
    pause = settings.RETRAINING_RETRY_SECONDS * 2 ** min(row.tries - 1, 10)
    _let_go(row, min(pause, LONGEST_PAUSE))
    row.save()
    if row.tries == 1:
        record(
            RetrainingEvent.NO_ANSWER,
            subject=row,
            by=the_portal(),
            outcome="error",
            tool=row.trigger.tool,
            why=row.sentence,
        )


@transaction.atomic(durable=True)
def leave_alone(request: RetrainingRequest, sentence: str, *, until: datetime, holder: str) -> None:
    """Come back at that time: what a call did is not to be seen at once.

    Raises:
        LeaseLost: another worker sees to it, or it has ended.
    """
    row = held_request(request.pk, holder)
    row.sentence, row.lease_holder = sentence[:LONGEST_SENTENCE], ""
    row.try_at = min(until, row.expires_at)
    row.save(update_fields=["sentence", "lease_holder", "try_at"])


@transaction.atomic(durable=True)
def doubt(request: RetrainingRequest, sentence: str, *, holder: str) -> None:
    """Let a person look: whether a training was begun, the tool cannot tell.

    Raises:
        LeaseLost: another worker sees to it, or it has ended.
    """
    row = held_request(request.pk, holder)
    move(row, RetrainingVerb.DOUBT)
    row.sentence = sentence[:LONGEST_SENTENCE]
    row.save()
    record(RetrainingEvent.UNCLEAR, subject=row, by=the_portal(), outcome="error", why=row.sentence)


@transaction.atomic(durable=True)
def fail_retraining(
    request: RetrainingRequest, sentence: str, *, is_unsent: bool = True, holder: str
) -> None:
    """The tool refused it.

    Args:
        is_unsent: surely nothing was begun, so no cooldown follows from it.

    Raises:
        LeaseLost: another worker sees to it, or it has ended.
    """
    row = held_request(request.pk, holder)
    if is_unsent:
        row.called_at = None
    _fail(row, sentence)


def _fail(row: RetrainingRequest, sentence: str) -> None:
    move(row, RetrainingVerb.FAIL)
    row.sentence = sentence[:LONGEST_SENTENCE]
    row.save()
    record(
        RetrainingEvent.FAILED, subject=row, by=the_portal(), outcome="failure", why=row.sentence
    )


def _name(row: RetrainingRequest, begun: Begun) -> None:
    row.run_id = begun.run_id[:LONGEST_NAME]
    row.run_url = begun.url or (row.run_url if begun.run_id else "")


def _let_go(row: RetrainingRequest, seconds: int | None) -> None:
    row.lease_holder = ""
    row.try_at = row.expires_at if seconds is None else min(_in(seconds), row.expires_at)


def _in(seconds: int) -> datetime:
    return timezone.now() + timedelta(seconds=seconds)
