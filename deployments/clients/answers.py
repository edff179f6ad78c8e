"""What an API server's answers mean: may it help to try again, and what to tell people."""

import json
import re
from http import HTTPStatus
from typing import Any

from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)

from deployments.clients.cluster import (
    ClusterError,
    ClusterRefused,
    ClusterUnavailable,
    FieldConflict,
    WorkloadMissing,
)

Object = dict[str, Any]

_MANAGER = re.compile(r'conflict with "([^"]*)"')
_TYPED = "failed to create typed patch object"
"""The real server answers 500 to a manifest that does not fit its schema. It never will."""

_TRY_AGAIN = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.GONE})


def not_reached(host: str, error: HTTPError) -> ClusterError:
    """Say why there was no answer at all."""
    cause = getattr(error, "reason", None) or error
    if isinstance(cause, SSLError):
        return ClusterRefused(
            f"The certificate of the cluster at {host} is not trusted: {cause.args[0]}. "
            "The certificate authority must be configured for this cluster."
        )
    is_refused = isinstance(cause, NewConnectionError)  # which calls itself a timeout, too
    if isinstance(cause, ConnectTimeoutError | ReadTimeoutError) and not is_refused:
        return ClusterUnavailable(f"The cluster at {host} did not answer in time.")
    return ClusterUnavailable(
        f"The cluster at {host} could not be reached ({type(cause).__name__})."
    )


def refusal(host: str, status: int, body: str, about: str) -> ClusterError:
    """Turn an error status into an error of the port. ``about`` is what was asked for."""
    answer = _read_status(body)
    message = answer.get("message") or f"status {status}"
    conflicts = _conflicts(answer)
    if conflicts:
        return _in_conflict(about, conflicts)
    if _may_help(status, answer):
        return ClusterUnavailable(f"The cluster at {host} could not do it now: {message}")
    if status == HTTPStatus.UNAUTHORIZED:
        sentence = f"The cluster at {host} does not accept the portal's credentials."
        return ClusterRefused(sentence, status=status)
    if status == HTTPStatus.FORBIDDEN:
        sentence = f"The cluster does not allow the portal to do this to {about}: {message}"
        return ClusterRefused(sentence, status=status)
    if status == HTTPStatus.NOT_FOUND:
        return WorkloadMissing(f"{about} is not in the cluster: {message}", status=status)
    return ClusterRefused(f"The cluster refused {about}: {message}", status=status)


def _may_help(status: int, answer: Object) -> bool:
    if status == HTTPStatus.CONFLICT:
        # Somebody wrote at the same moment; AlreadyExists is no such thing.
        return answer.get("reason") == "Conflict"
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _TYPED not in answer.get("message", "")
    return status in _TRY_AGAIN


def _read_status(body: str) -> Object:
    try:
        answer = json.loads(body)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _conflicts(answer: Object) -> tuple[FieldConflict, ...]:
    causes = (answer.get("details") or {}).get("causes") or []
    found = []
    for cause in causes:
        if cause.get("reason") == "FieldManagerConflict":
            who = _MANAGER.search(cause.get("message", ""))
            found.append(FieldConflict(who[1] if who else "somebody else", cause.get("field", "")))
    return tuple(found)


def _in_conflict(about: str, conflicts: tuple[FieldConflict, ...]) -> ClusterRefused:
    owned = "; ".join(f"{each.field} belongs to {each.manager!r}" for each in conflicts)
    return ClusterRefused(
        f"{about} is also managed by others: {owned}. They must give the field up, or the "
        "binding must allow the portal to take it over.",
        status=HTTPStatus.CONFLICT,
        conflicts=conflicts,
    )
