"""``Idempotency-Key``: a POST repeated with its key is answered again, and done once.

A middleware, since what it promises holds for every POST. The claim is a row of its own, committed
before the view runs, so two requests with one key never both run. Answers that another try may change
without anything having been done (401, 403, 429 and 5xx) are not kept.
"""

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

import structlog
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from rest_framework.exceptions import APIException

from catalog.api.authentication import TokenAuthentication
from catalog.models import User
from portal.api import answers, errors, spool

log = structlog.get_logger(__name__)

HEADER: Final = "Idempotency-Key"
KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
NOT_KEPT: Final = frozenset(
    {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS}
)
FAILURES: Final = (OperationalError, InterfaceError, OSError)


class IdempotencyMiddleware:
    """Stands before every POST under /api/."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request, or say again what was answered before."""
        key = request.headers.get(HEADER)
        if key is None or request.method != "POST" or not request.path.startswith("/api/"):
            return self.get_response(request)
        if not KEY.fullmatch(key):
            sentence = f"{HEADER} must be 1 to 255 visible ASCII characters."
            return errors.response(400, "invalid", sentence, fields={HEADER: [sentence]})
        try:
            account = caller_of(request)
            if account is None:
                return self.get_response(request)  # which refuses it
            return self._once(request, key, account)
        except FAILURES as error:  # of this middleware: those of a view are answered already
            if (failed := errors.of_failure(error)) is None:
                raise
            return errors.response_of(failed)

    def _once(self, request: HttpRequest, key: str, account: User) -> HttpResponse:
        with spool.read_once(request) as digest:
            call = answers.Call(account.pk, key, request.get_full_path()[:2000], digest)
            claim = answers.claim(call)
            return self._answered(request, claim) if claim else _again(call)

    def _answered(self, request: HttpRequest, claim: answers.Claim) -> HttpResponse:
        response = self.get_response(request)
        failed = response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
        try:
            if failed or response.status_code in NOT_KEPT or response.streaming:
                answers.release(claim)
            else:
                answers.keep(claim, response)
        except (DatabaseError, InterfaceError):
            # The action is done and its caller must hear of it; the claim runs out by itself.
            log.exception("idempotent_answer_not_kept")
        return response


def caller_of(request: HttpRequest) -> User | None:
    """Return who calls, by a token or a session; None leaves the refusal to the view."""
    try:
        found = TokenAuthentication().authenticate(request)
    except APIException:
        return None
    if found is not None:
        return found[0]
    user = getattr(request, "user", None)
    return user if isinstance(user, User) and user.is_active else None


def _again(call: answers.Call) -> HttpResponse:
    row = answers.held(call)
    if row is not None and not answers.is_of(row, call):
        return errors.response(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "idempotency_key_reused",
            f"This {HEADER} was used for another call or another body; a new call needs a new key.",
        )
    if row is None or row.status is None:
        busy = errors.response(
            HTTPStatus.CONFLICT,
            "still_in_progress",
            "The first request with this key is still being answered; ask again in a second.",
        )
        busy["Retry-After"] = "1"
        return busy
    return answers.replay(row)
