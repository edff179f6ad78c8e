"""Is the process alive, and can the portal do its work."""

import threading
import time
from collections.abc import Callable
from typing import Final

import redis
import structlog
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from audit.standing import sequencing
from portal.celery import app

log = structlog.get_logger(__name__)

OK: Final = "ok"
WORKER_ASKED_EVERY: Final = 5.0
WORKER_MUST_ANSWER_WITHIN: Final = 1.0


@require_safe
@never_cache
def alive(_request: HttpRequest) -> JsonResponse:
    """Answer that this process answers; asks nobody else, so that a lost database restarts no web server."""
    return JsonResponse({"status": OK})


@require_safe
@never_cache
def ready(_request: HttpRequest) -> JsonResponse:
    """Answer 200 when every part answers, else 503; the body says how each part is."""
    parts = {name: check() for name, check in PARTS.items()}
    fine = all(answer == OK for answer in parts.values())
    status = OK if fine else "not ready"
    return JsonResponse({"status": status, "parts": parts}, status=200 if fine else 503)


def database() -> str:
    """Return how the database is."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "does not answer"
    return OK


def broker() -> str:
    """Return how the broker is."""
    try:
        with redis.Redis.from_url(
            settings.CELERY_BROKER_URL, socket_timeout=1, socket_connect_timeout=1
        ) as client:
            client.ping()
    except RedisError:
        return "does not answer"
    return OK


class Worker:
    """Asks the workers, but not more often than every five seconds however often it is asked itself."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked_at = float("-inf")
        self._answer = "not asked yet"

    def __call__(self) -> str:
        """Return whether any worker answers."""
        with self._lock:
            if time.monotonic() - self._asked_at > WORKER_ASKED_EVERY:
                self._answer = self._ask()
                self._asked_at = time.monotonic()
            return self._answer

    @staticmethod
    def _ask() -> str:
        # Workers wait longer for a broker; whoever asks whether the portal is ready does not.
        patience = {"socket_timeout": 1, "socket_connect_timeout": 1}
        try:
            with app.connection_for_write(transport_options=patience) as connection:
                replies = app.control.ping(
                    timeout=WORKER_MUST_ANSWER_WITHIN, limit=1, connection=connection
                )
        except (RedisError, OperationalError, OSError):
            log.warning("worker_not_asked", reason="the broker does not answer")
            return "the broker does not answer"
        return OK if replies else f"none answered within {WORKER_MUST_ANSWER_WITHIN:g} s"


def sequencer() -> str:
    """Return whether what is recorded gets its place in the audit log."""
    try:
        return sequencing()
    except DatabaseError:
        return "the database does not answer"


PARTS: dict[str, Callable[[], str]] = {
    "database": database,
    "broker": broker,
    "worker": Worker(),
    "sequencer": sequencer,
}
