"""What every request passes through."""

import ipaddress
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

import structlog
from csp.constants import HEADER
from csp.utils import build_policy
from django.conf import settings
from django.contrib.auth import middleware as of_accounts
from django.contrib.messages import middleware as of_messages
from django.contrib.sessions import middleware as of_sessions
from django.http import HttpRequest, HttpResponse
from django.template import loader

from audit.origin import Origin, coming_from
from catalog.api.bodies import drain
from portal.api import errors
from portal.api.idempotency import caller_of
from portal.api.parsers import MAX_BYTES

_ROUND_THE_FILE: Final = 1024 * 1024
"""The other fields of a form with a file, and its boundaries."""


class ClientAddressMiddleware:
    """Let ``REMOTE_ADDR`` be the caller's address, not that of our own proxy.

    Limits on sign-ins, the log of requests and the audit log go by it. ``TRUSTED_PROXIES`` says how many
    proxies of ours stand before the portal. Each appends the address that called it, so the caller is as
    many from the right; what stands further left anybody may have written.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        told = request.headers.get("X-Forwarded-For", "").split(",")
        if 0 < settings.TRUSTED_PROXIES <= len(told):
            caller = told[-settings.TRUSTED_PROXIES].strip()
            if _is_address(caller):
                request.META["REMOTE_ADDR"] = caller
        return self.get_response(request)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


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
    """Say with every answer what a browser may do with it.

    The content security policy is always the same: there are no nonces to make. What a view does not say
    anything about is kept by nobody but the browser, and asked for again before it is shown.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._policy = build_policy()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        response = self.get_response(request)
        response.headers.setdefault(HEADER, self._policy)
        response.headers.setdefault("Cache-Control", "private, no-cache")
        return response


class BodySizeMiddleware:
    """Refuse a body larger than any form or call takes, before anything of it is kept.

    A form's files would be written to the disk as they come, also those of somebody who may not send any. A
    body whose length nobody says is empty to Django.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdecimal() and int(length) > _largest_body():
            if caller_of(request) is not None:  # nobody else is listened to for so long
                drain(request)
            if request.path.startswith("/api/"):
                sentence = (
                    f"The body has {length} bytes; no call takes more than {_largest_body()}."
                )
                return errors.response(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", sentence)
            page = loader.render_to_string("413.html", {"largest": settings.EVIDENCE_MAX_BYTES})
            return HttpResponse(page, status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return self.get_response(request)


def _largest_body() -> int:
    """Return the most bytes that any form or call takes."""
    return max(int(settings.EVIDENCE_MAX_BYTES), MAX_BYTES) + _ROUND_THE_FILE


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
