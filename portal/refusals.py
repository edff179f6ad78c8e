"""What a page answers when an action refused and the view had nowhere to say so: a page with the sentence."""

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from catalog.errors import DomainError
from catalog.pages import status_of

TEMPLATES = {HTTPStatus.NOT_FOUND: "404.html", HTTPStatus.FORBIDDEN: "403.html"}


class RefusalMiddleware:
    """Turn a domain error into its page. The REST API turns its own into problem documents."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Let the request through."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer with the refusal's status and sentence; None leaves other errors to Django."""
        if not isinstance(error, DomainError) or request.path.startswith("/api/"):
            return None
        status = status_of(error)
        template = TEMPLATES.get(HTTPStatus(status), "portal/refused.html")
        return render(request, template, {"exception": error.sentence}, status=status)
