"""Tell a worker, after the commit and by name, that a row waits (docs/adr/0006).

A lost nudge costs one sweep's interval, never the work. So nobody waits long for a broker that does not
answer: what was committed is done, and whoever did it must hear of it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, partial
from typing import Any, Final

import structlog
from celery import current_app
from django.db import transaction
from kombu import pools
from kombu.exceptions import OperationalError

from catalog.absence import Absence

REEVALUATE_PROJECT = "releases.reevaluate_project"

PATIENCE: Final = 1.5
"""Seconds for the broker to take the connection, and for each of its answers. Workers have more."""

log = structlog.get_logger(__name__)

_absence: Final = Absence()
_is_silent: ContextVar[bool] = ContextVar("nudges_are_silent", default=False)


@contextmanager
def silence() -> Iterator[None]:
    """Send nothing: whoever tells history does everything itself, at its own time."""
    token = _is_silent.set(True)
    try:
        yield
    finally:
        _is_silent.reset(token)


def nudge(task: str, key: int, *, expires: int | None = None) -> None:
    """Send the task after the commit of the present transaction.

    Args:
        task: its name; who has it is no concern of the sender's.
        key: primary key of the row that waits.
        expires: seconds after which the message says nothing that a sweep did not say since.
    """
    transaction.on_commit(partial(_send, task, key, expires), robust=True)


def _send(task: str, key: int, expires: int | None) -> None:
    if _is_silent.get():
        return
    if _absence.is_presumed:
        log.warning("nudge_lost", task=task, key=key)
        return
    try:
        with _producers().acquire(block=True, timeout=PATIENCE) as producer:
            current_app.send_task(task, args=[key], expires=expires, producer=producer)
    except OperationalError:
        _absence.note()
        log.warning("nudge_lost", task=task, key=key)


@cache
def _producers() -> Any:
    """Return this process's connections for nudges."""
    connection = current_app.connection_for_write(
        transport_options={"socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE}
    )
    return pools.producers[connection]
