"""Under /api/ every refusal is a problem document, also what Django refuses before a view is found."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from django.http import HttpRequest, HttpResponse

from portal.api import errors

_SENTENCES: Final[dict[int, str]] = {
    HTTPStatus.BAD_REQUEST: "The request cannot be understood: its address, host or headers are wrong.",
    HTTPStatus.FORBIDDEN: "The request was refused: a session needs its CSRF token with every change.",
    HTTPStatus.NOT_FOUND: errors.NOT_FOUND,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is larger than this call takes.",
    HTTPStatus.INTERNAL_SERVER_ERROR: errors.INTERNAL,
}
_NO_SLASH: Final = (
    "There is no such address. Addresses of this API end with a slash; a change is not redirected."
)


class ProblemMiddleware:
    """Turns Django's own error pages under /api/ into RFC 9457 problems."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        response = self.get_response(request)
        if not request.path.startswith("/api/"):
            return response
        if response.status_code == HTTPStatus.MOVED_PERMANENTLY and request.method not in {
            "GET",
            "HEAD",
        }:
            # Clients repeat a redirected POST as a GET: the change would silently not happen.
            return errors.response(HTTPStatus.NOT_FOUND, "not_found", _NO_SLASH)
        if response.status_code < HTTPStatus.BAD_REQUEST or _is_json(response):
            return response
        return _as_problem(response)


def _is_json(response: HttpResponse) -> bool:
    return response.get("Content-Type", "").startswith(
        ("application/problem+json", "application/json")
    )


def _as_problem(response: HttpResponse) -> HttpResponse:
    status = response.status_code
    code = errors.CODE_OF.get(status, "refused")
    return errors.response(status, code, _SENTENCES.get(status, "The request was refused."))
