"""One table: which error is which status. One shape: RFC 9457 problem details.

Malformed input and a field that holds what it cannot hold are both 400; 422 is only said of an
idempotency key that was used for something else.
"""

import errno
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpResponse
from rest_framework import exceptions as drf
from rest_framework.response import Response

from audit.errors import NotRecordable
from catalog import errors as catalog
from portal.api.renderers import dumps
from releases import errors as releases

log = structlog.get_logger(__name__)

CONTENT_TYPE = "application/problem+json"

STATUS_OF: dict[type[catalog.DomainError], HTTPStatus] = {
    catalog.InvalidInput: HTTPStatus.BAD_REQUEST,
    catalog.NotPermitted: HTTPStatus.FORBIDDEN,
    catalog.NotFound: HTTPStatus.NOT_FOUND,
    catalog.Conflict: HTTPStatus.CONFLICT,
    catalog.WrongMoment: HTTPStatus.CONFLICT,
    releases.NotAnApprover: HTTPStatus.FORBIDDEN,
    releases.SelfApproval: HTTPStatus.FORBIDDEN,
    catalog.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    releases.EvidenceNotKept: HTTPStatus.INSUFFICIENT_STORAGE,
    releases.EvidenceLost: HTTPStatus.GONE,
}
"""An error that is not here has the status of its nearest base class that is."""

CODE_OF: dict[int, str] = {
    HTTPStatus.BAD_REQUEST: "malformed",
    HTTPStatus.UNAUTHORIZED: "not_authenticated",
    HTTPStatus.FORBIDDEN: "not_permitted",
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
    HTTPStatus.NOT_ACCEPTABLE: "not_acceptable",
    HTTPStatus.CONFLICT: "conflict",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too_large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "unsupported_media_type",
    HTTPStatus.UNPROCESSABLE_ENTITY: "idempotency_key_reused",
    HTTPStatus.TOO_MANY_REQUESTS: "throttled",
    HTTPStatus.INTERNAL_SERVER_ERROR: "internal_error",
    HTTPStatus.SERVICE_UNAVAILABLE: "unavailable",
    HTTPStatus.INSUFFICIENT_STORAGE: "no_room",
}

NOT_FOUND = "There is no such thing here, or you may not see it."
INTERNAL = "Something went wrong on our side. The request's id is in the server's log."
NO_DATABASE = (
    "The database did not answer in time. Whether this call was carried out, nobody can tell: ask for "
    "what it should have changed, then repeat it."
)
NO_ROOM = "The server has no room to take this body. Nothing was changed; repeat the call later."
_NO_ROOM: frozenset[int] = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS})


def status_of(error: type[catalog.DomainError]) -> HTTPStatus:
    """Return the status of a kind of domain error.

    Raises:
        LookupError: the table has no entry for it or a base class of it.
    """
    for ancestor in error.__mro__:
        if ancestor in STATUS_OF:
            return STATUS_OF[ancestor]
    raise LookupError(f"portal.api.errors.STATUS_OF has no status for {error.__name__}.")


def document(
    status: int,
    code: str,
    detail: str,
    *,
    fields: Mapping[str, list[str]] | None = None,
    extra: Mapping[str, object] | None = None,
) -> dict[str, Any]:
    """Return the problem document; ``fields`` becomes ``errors``, ``extra`` its further members."""
    problem: dict[str, Any] = {
        "type": f"{settings.PUBLIC_URL}/api/v1/docs/#problem-{code}",
        "title": code.replace("_", " ").capitalize(),
        "status": int(status),
        "detail": detail,
        "code": code,
    }
    if fields:
        problem["errors"] = dict(fields)
    return {**(extra or {}), **problem}


def response(status: int, code: str, detail: str, **members: Any) -> HttpResponse:
    """Return the problem as a plain Django response, for what happens outside a DRF view."""
    return response_of(document(status, code, detail, **members))


def response_of(problem: Mapping[str, Any]) -> HttpResponse:
    """Return the problem document as a plain Django response."""
    return HttpResponse(dumps(problem), status=problem["status"], content_type=CONTENT_TYPE)


def exception_handler(error: Exception, _context: Mapping[str, Any]) -> Response | None:
    """Turn what a view raised into a problem; None lets Django log it and answer 500."""
    if isinstance(error, Http404):
        error = drf.NotFound(NOT_FOUND)
    elif isinstance(error, PermissionDenied):
        error = drf.PermissionDenied()
    if isinstance(error, catalog.DomainError):
        status = status_of(type(error))
        problem = document(
            status, error.code, error.sentence, fields=error.fields, extra=error.extra
        )
        return Response(problem, status=status, content_type=CONTENT_TYPE)
    if isinstance(error, NotRecordable):
        problem = document(HTTPStatus.BAD_REQUEST, error.code, error.sentence)
        return Response(problem, status=HTTPStatus.BAD_REQUEST, content_type=CONTENT_TYPE)
    if isinstance(error, drf.APIException):
        return _of_framework(error)
    failed = of_failure(error)
    return Response(failed, status=failed["status"], content_type=CONTENT_TYPE) if failed else None


def of_failure(error: Exception) -> dict[str, Any] | None:
    """Return the problem of what the portal stands on; None for what is nobody's but our own mistake."""
    if isinstance(error, OperationalError | InterfaceError):
        status, sentence = HTTPStatus.SERVICE_UNAVAILABLE, NO_DATABASE
    elif isinstance(error, OSError) and error.errno in _NO_ROOM:
        status, sentence = HTTPStatus.INSUFFICIENT_STORAGE, NO_ROOM
    else:
        return None
    log.error("unavailable", exc_info=error)
    return document(status, CODE_OF[status], sentence)


def _of_framework(error: drf.APIException) -> Response:
    headers: dict[str, str] = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    wait: float | None = getattr(error, "wait", None)
    if wait is not None:
        headers["Retry-After"] = str(max(1, round(wait)))
    code = CODE_OF.get(error.status_code, "refused")
    if isinstance(error, drf.ValidationError):
        fields = dict(_sentences(error.detail))
        detail = _summary(fields)
        problem = document(error.status_code, catalog.InvalidInput.code, detail, fields=fields)
    else:
        problem = document(error.status_code, code, str(error.detail))
    return Response(problem, status=error.status_code, headers=headers, content_type=CONTENT_TYPE)


def _sentences(detail: Any, path: str = "") -> Iterator[tuple[str, list[str]]]:
    """Flatten DRF's nested errors to ``("source.authors[0].email", [sentence])``."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            yield from _sentences(inner, _joined(path, name))
    elif isinstance(detail, list) and any(isinstance(inner, Mapping | list) for inner in detail):
        for index, inner in enumerate(detail):
            if inner:
                yield from _sentences(inner, f"{path}[{index}]")
    elif isinstance(detail, list):
        yield path or "body", [str(sentence) for sentence in detail]
    else:
        yield path or "body", [str(detail)]


def _joined(path: str, name: object) -> str:
    if name == "non_field_errors":
        return path
    if isinstance(name, int):
        return f"{path}[{name}]"
    return f"{path}.{name}" if path else str(name)


def _summary(fields: Mapping[str, list[str]]) -> str:
    if len(fields) == 1:
        field, sentences = next(iter(fields.items()))
        return f"{field}: {sentences[0]}"
    return f"{len(fields)} fields hold something they cannot hold: {', '.join(fields)}."
