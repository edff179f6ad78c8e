"""What every request passes through."""

from collections.abc import Callable
from typing import Any

import structlog
from csp.constants import HEADER
from csp.utils import build_policy
from django.contrib.auth import middleware as of_accounts
from django.contrib.messages import middleware as of_messages
from django.contrib.sessions import middleware as of_sessions
from django.http import HttpRequest, HttpResponse

from audit.origin import Origin, coming_from


def bears_a_token(request: HttpRequest) -> bool:
    """Return whether a machine calls the API: it has no session, and nobody need look for one."""
    authorization = request.META.get("HTTP_AUTHORIZATION", "")
    return request.path.startswith("/api/") and authorization[:7].lower() == "bearer "


class SessionMiddleware(of_sessions.SessionMiddleware):
    """Django's, for whoever may have a session."""

    def __call__(self, request: HttpRequest) -> Any:
        """Answer the request."""
        if bears_a_token(request):
            return self.get_response(request)
        return super().__call__(request)


class AuthenticationMiddleware(of_accounts.AuthenticationMiddleware):
    """Django's, for whoever may have a session."""

    def __call__(self, request: HttpRequest) -> Any:
        """Answer the request."""
        if bears_a_token(request):
            return self.get_response(request)
        return super().__call__(request)


class MessageMiddleware(of_messages.MessageMiddleware):
    """Django's, for whoever may have a session."""

    def __call__(self, request: HttpRequest) -> Any:
        """Answer the request."""
        if bears_a_token(request):
            return self.get_response(request)
        return super().__call__(request)


class ContentPolicyMiddleware:
    """Send the content security policy, the same with every answer: there are no nonces to make."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._policy = build_policy()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        response = self.get_response(request)
        response.headers.setdefault(HEADER, self._policy)
        return response


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
