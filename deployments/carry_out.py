"""Carry out a change request: the procedure around the executors.

Claim it (a short transaction), let the executor do what is not done yet (no transaction is open while
somebody outside is asked), bring it to an end (a short transaction). It may stop anywhere: the next
worker claims it when the lease has run out and goes on from the steps that are written down.
"""

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.db import DatabaseError, InterfaceError

from deployments.actions.begin_putting_back import begin_putting_back
from deployments.actions.claim import claim
from deployments.actions.fail import fail
from deployments.actions.finish import finish
from deployments.actions.let_go import let_go
from deployments.actions.note_no_answer import note_no_answer
from deployments.actions.wait_for_word import wait_for_word
from deployments.executors.port import DefiniteNo, Done, NoAnswer
from deployments.executors.registry import executor_of
from deployments.executors.work import LeaseLost, Work
from deployments.models import Target

log = structlog.get_logger(__name__)


def carry_out(number: int, *, worker: str) -> None:
    """Carry out the change request as far as it goes now; nothing to do is no error.

    Args:
        number: the change request's.
        worker: who does it, for people; each call has a lease of its own.
    """
    work = claim(number, worker=worker)
    if work is None:
        return
    try:
        _bring_to_an_end(work)
    except LeaseLost as lost:
        log.info("lease_lost", change_request=number, reason=str(lost))
    except (DatabaseError, InterfaceError):
        raise  # the lease runs out by itself, and the sweep finds the row
    except SoftTimeLimitExceeded:
        let_go(work)  # not an error of the target: another task goes on
        log.info("handed_on", change_request=number)
    except Exception as error:
        note_no_answer(work, why=f"Gatehouse stumbled over a {type(error).__name__}.")
        raise
    except BaseException:  # the worker is told to stop
        let_go(work)
        raise


def _bring_to_an_end(work: Work) -> None:
    try:
        if work.deployment.reason:
            _put_back(work)
        else:
            _advance(work)
    except NoAnswer as silence:
        note_no_answer(work, why=silence.sentence)


def _advance(work: Work) -> None:
    try:
        target = _target(work)
        ending = executor_of(target).advance(work)
    except DefiniteNo as refusal:
        begin_putting_back(work, why=refusal.sentence)
        _put_back(work)
        return
    if isinstance(ending, Done):
        finish(work, what=ending.what)
    else:
        wait_for_word(work)


def _put_back(work: Work) -> None:
    try:
        refusals = executor_of(work.target).put_back(work) if work.steps else []
    except DefiniteNo as refusal:
        refusals = [refusal.sentence]
    fail(work, refusals=refusals)


def _target(work: Work) -> Target:
    try:
        return work.target
    except Target.DoesNotExist:
        raise DefiniteNo(
            f"{work.deployment.environment} has no target, so there is no way to reach it. Set how "
            "it is reached: a cluster and namespace, a webhook, or by hand."
        ) from None
