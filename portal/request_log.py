"""One line of log per request, with the request's id under everything else that it logs."""

import logging
import time
import uuid
from http import HTTPStatus
from typing import Any, Final

import structlog
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject
from django_structlog.middlewares import RequestMiddleware

STARTED: Final = "_started_at"
POLLED: Final = ("/verdict/", "/livez", "/readyz")
"""How addresses end that machines ask every few seconds: answered well, that is no news."""

_log: Final = logging.getLogger("django_structlog")


class RequestLogMiddleware(RequestMiddleware):
    """django-structlog's, with one line instead of two, how long it took, and no guesses about proxies."""

    def prepare(self, request: HttpRequest) -> None:
        """Name the request for whatever is logged and recorded while it is answered."""
        setattr(request, STARTED, time.perf_counter())
        structlog.contextvars.bind_contextvars(
            request_id=str(uuid.uuid4()), ip=request.META.get("REMOTE_ADDR", "")
        )

    def handle_response(self, request: HttpRequest, response: HttpResponse) -> None:
        """Log the answer; a good answer to a poll only where everything is logged."""
        if _is_no_news(request, response) and not _log.isEnabledFor(logging.DEBUG):
            structlog.contextvars.clear_contextvars()
            return
        took = time.perf_counter() - getattr(request, STARTED)
        structlog.contextvars.bind_contextvars(milliseconds=round(took * 1000, 1))
        super().handle_response(request, response)

    @staticmethod
    def bind_user_id(request: HttpRequest) -> None:
        """Say who it was, if anybody asked: to look it up for the log alone would cost a query."""
        # Django's own attribute for the looked-up user; asking the lazy one would look it up.
        user: Any = getattr(request, "_cached_user", None) or request.__dict__.get("user")
        if user is not None and type(user) is not SimpleLazyObject:
            structlog.contextvars.bind_contextvars(user_id=user.pk)


def _is_no_news(request: HttpRequest, response: HttpResponse) -> bool:
    return response.status_code < HTTPStatus.BAD_REQUEST and request.path.endswith(POLLED)
