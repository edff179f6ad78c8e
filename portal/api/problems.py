"""Every kind of problem that the API answers with, for its reference page."""

from collections.abc import Iterator
from functools import cache

from catalog.errors import DomainError
from portal.api.errors import CODE_OF, status_of


def every_error(base: type[DomainError] = DomainError) -> Iterator[type[DomainError]]:
    """Return the domain errors of all apps."""
    for error in base.__subclasses__():
        yield error
        yield from every_error(error)


@cache
def problems() -> list[tuple[str, int, str]]:
    """Return code, status and meaning of each, by code."""
    found = {
        code: (int(status), _OF_THE_PROTOCOL.get(code, "")) for status, code in CODE_OF.items()
    }
    found["still_in_progress"] = (
        409,
        "The first request with this idempotency key is not answered yet.",
    )
    for error in every_error():
        meaning = (error.__doc__ or "").strip().partition("\n")[0]
        found[error.code] = (int(status_of(error)), meaning)
    return [(code, *rest) for code, rest in sorted(found.items())]


_OF_THE_PROTOCOL = {
    "malformed": "The body is not JSON as the API reads it.",
    "not_authenticated": "No token came, or none that is good.",
    "method_not_allowed": "The address does not take this method.",
    "not_acceptable": "The API answers in JSON only.",
    "too_large": "The body is larger than the call takes.",
    "unsupported_media_type": "The call does not read bodies of this type.",
    "idempotency_key_reused": "The idempotency key was used for another call or another body.",
    "throttled": "Too many calls; Retry-After says when to come back.",
    "internal_error": "Something went wrong on the portal's side.",
    "no_room": "The server's disk is full.",
    "unavailable": "A part that the portal needs does not answer.",
}
