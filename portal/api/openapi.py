"""What drf-spectacular is told besides the views: the token, the problems, the idempotency key."""

import json
from collections.abc import Iterator
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator

from portal.api.errors import CONTENT_TYPE

PROBLEM: Final = {
    "type": "object",
    "description": "RFC 9457 problem details. `errors` names the fields at fault, each with its sentences.",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "errors": {
            "type": "object",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
    },
}

IDEMPOTENCY_KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": (
        "Up to 255 visible ASCII characters of your choice. The same key with the same body is done once "
        "and answered the same for 24 hours (`Idempotency-Replayed: true`); with another body it is 422."
    ),
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}

REFUSALS: Final[dict[HTTPStatus, str]] = {
    HTTPStatus.BAD_REQUEST: "Malformed, or a field holds what it cannot hold.",
    HTTPStatus.UNAUTHORIZED: "No token, or none that is good.",
    HTTPStatus.FORBIDDEN: "You may see it but not do this, or the token's scopes do not open it.",
    HTTPStatus.NOT_FOUND: "There is none, or you may not see it.",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many calls; `Retry-After` says when to come back.",
}
REFUSALS_OF_WRITES: Final[dict[HTTPStatus, str]] = {
    HTTPStatus.CONFLICT: "The wrong moment, or it contradicts what is there.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too large.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body is of a type that this call does not read.",
}
REFUSAL_OF_KEYS: Final = "The idempotency key was used for another call or another body."


class BearerToken(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # untyped outside
    """``Authorization: Bearer gh_…``."""

    target_class = "catalog.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the OpenAPI security scheme."""
        return {"type": "http", "scheme": "bearer", "bearerFormat": "gh_ and 43 characters"}


def complete(result: dict[str, Any], **_of_the_hook: object) -> dict[str, Any]:
    """Add to every operation what holds for all of them; called by drf-spectacular."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = PROBLEM
    components["responses"] = {
        status.name: _problem(why) for status, why in _refusals("post").items()
    }
    for method, operation in _operations(result):
        if method == "post":
            operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
        for status in _refusals(method):
            shared = {"$ref": f"#/components/responses/{status.name}"}
            operation["responses"].setdefault(str(int(status)), shared)
    return result


def _operations(result: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in result["paths"].values():
        yield from path.items()


def _refusals(method: str) -> dict[HTTPStatus, str]:
    refusals = dict(REFUSALS)
    if method != "get":
        refusals |= REFUSALS_OF_WRITES
    if method == "post":
        refusals[HTTPStatus.UNPROCESSABLE_ENTITY] = REFUSAL_OF_KEYS
    return refusals


def _problem(why: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": why, "content": {CONTENT_TYPE: {"schema": schema}}}


COMMITTED: Final = Path(settings.BASE_DIR) / "docs" / "openapi.json"
"""A test holds it to what ``composed_schema`` returns."""


@cache
def whole_schema() -> dict[str, Any]:
    """Return the OpenAPI document; from its file where there is one, since composing it takes seconds."""
    if COMMITTED.is_file():
        schema: dict[str, Any] = json.loads(COMMITTED.read_bytes())
        return schema
    return composed_schema()


def composed_schema() -> dict[str, Any]:
    """Return the OpenAPI document as the views describe themselves."""
    schema: dict[str, Any] = SchemaGenerator().get_schema(  # type: ignore[no-untyped-call]  # untyped outside
        request=None, public=True
    )
    return schema
