"""Nudges: tell a worker, after the commit, that a row waits. A lost nudge costs one sweep's interval."""

from functools import partial

import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

CARRY_OUT = "deployments.carry_out"
REEVALUATE = "releases.reevaluate"

log = structlog.get_logger(__name__)


def nudge_carry_out(number: int) -> None:
    """Let a worker carry out the change request."""
    transaction.on_commit(partial(_send, CARRY_OUT, number), robust=True)


def nudge_reevaluation(number: int) -> None:
    """Let a worker evaluate the change request again."""
    transaction.on_commit(partial(_send, REEVALUATE, number), robust=True)


def _send(task: str, number: int) -> None:
    try:
        current_app.send_task(task, args=[number])
    except OperationalError:
        log.warning("nudge_lost", task=task, change_request=number)  # the sweep finds the row
