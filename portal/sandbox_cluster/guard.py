"""What stands before the API: the token, and the faults that befall requests."""

import asyncio
import hmac
import json
from http import HTTPStatus
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from portal.sandbox_cluster import errors
from portal.sandbox_cluster.errors import StatusError
from portal.sandbox_cluster.faults import Fault, Faults

OPEN_PATHS = frozenset({"/livez", "/readyz", "/healthz", "/version", "/version/"})
"""What the real API server too tells everybody."""
HANG = 300.0
"""How long a request may hang before the server gives up on it. Seconds."""
_REASONS = {
    HTTPStatus.TOO_MANY_REQUESTS: "TooManyRequests",
    HTTPStatus.INTERNAL_SERVER_ERROR: "InternalError",
    HTTPStatus.SERVICE_UNAVAILABLE: "ServiceUnavailable",
    HTTPStatus.GATEWAY_TIMEOUT: "Timeout",
}


class Guard:
    """An ASGI application around another."""

    def __init__(self, inner: ASGIApp, faults: Faults, token: str) -> None:
        self._inner = inner
        self._faults = faults
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        path = scope["path"]
        if path not in OPEN_PATHS and not self._may_enter(scope):
            await _refuse(send, errors.unauthorized())
            return
        # The admin endpoint always answers: it is the way out of a fault.
        is_admin = path.startswith("/sandbox/")
        fault = None if is_admin else self._faults.of_request(scope["method"], path)
        if fault is None or not await self._suffer(fault, send):
            await self._inner(scope, receive, send)

    def _may_enter(self, scope: Scope) -> bool:
        if not self._token:
            return True
        given = dict(scope["headers"]).get(b"authorization", b"")
        return hmac.compare_digest(given, b"Bearer " + self._token.encode())

    async def _suffer(self, fault: Fault, send: Send) -> bool:
        """Let a request suffer a fault; answer whether that was the end of it."""
        if fault.kind == "slow":
            await asyncio.sleep(fault.delay)
            return False
        if fault.kind == "hang":
            await asyncio.sleep(HANG)
        elif fault.kind == "close":
            # Promise more than what comes: the server then closes the connection.
            await _start(send, HTTPStatus.OK, 1_000)
            await send({"type": "http.response.body", "body": b"{", "more_body": True})
        else:
            message = fault.message or "the sandbox was told to fail"
            reason = _REASONS.get(HTTPStatus(fault.status), "InternalError")
            await _refuse(send, StatusError(fault.status, reason, message))
        return True


async def _refuse(send: Send, error: StatusError) -> None:
    body = json.dumps(error.as_json()).encode()
    await _start(send, error.code, len(body))
    await send({"type": "http.response.body", "body": body})


async def _start(send: Send, status: int, length: int) -> None:
    headers: list[Any] = [
        (b"content-type", b"application/json"),
        (b"content-length", str(length).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
