"""Tell a worker, after the commit and by name, that a row waits (docs/adr/0006).

A lost nudge costs one sweep's interval, never the work.
"""

from functools import partial

import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

REEVALUATE_PROJECT = "releases.reevaluate_project"

log = structlog.get_logger(__name__)


def nudge(task: str, key: int, *, expires: int | None = None) -> None:
    """Send the task after the commit of the present transaction.

    Args:
        task: its name; who has it is no concern of the sender's.
        key: primary key of the row that waits.
        expires: seconds after which the message says nothing that a sweep did not say since.
    """
    transaction.on_commit(partial(_send, task, key, expires), robust=True)


def _send(task: str, key: int, expires: int | None) -> None:
    try:
        current_app.send_task(task, args=[key], expires=expires)
    except OperationalError:
        log.warning("nudge_lost", task=task, key=key)
