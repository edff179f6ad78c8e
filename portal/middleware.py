"""What every request passes through."""

from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse

from audit.origin import Origin, coming_from


class OriginMiddleware:
    """Let the events recorded during a request say how it came in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request with its origin known."""
        request_id = structlog.contextvars.get_contextvars().get("request_id", "")
        channel = "api" if request.path.startswith("/api/") else "page"
        origin = Origin(channel, str(request_id), request.META.get("REMOTE_ADDR", ""))
        with coming_from(origin):
            return self.get_response(request)
