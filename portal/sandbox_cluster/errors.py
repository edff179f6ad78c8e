"""Refusals, worded as the real API server words them: a ``Status`` with reason and causes."""

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from portal.sandbox_cluster.resources import Resource

Object = dict[str, Any]


@dataclass(frozen=True)
class Cause:
    """One thing wrong with a request: which field, which rule, in words."""

    reason: str
    message: str
    field: str

    def as_json(self) -> Object:
        return {"reason": self.reason, "message": self.message, "field": self.field}


@dataclass
class StatusError(Exception):
    """An answer other than success."""

    code: int
    reason: str
    message: str
    details: Object = field(default_factory=dict)

    def as_json(self) -> Object:
        status: Object = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            "code": self.code,
        }
        if self.details:
            status["details"] = self.details
        return status


def _details(resource: Resource, name: str) -> Object:
    details: Object = {"name": name, "kind": resource.plural}
    if resource.group:
        details["group"] = resource.group
    return details


def not_found(resource: Resource, name: str) -> StatusError:
    return StatusError(
        HTTPStatus.NOT_FOUND,
        "NotFound",
        f'{resource.qualified} "{name}" not found',
        _details(resource, name),
    )


def no_such_path() -> StatusError:
    return StatusError(
        HTTPStatus.NOT_FOUND, "NotFound", "the server could not find the requested resource"
    )


def already_exists(resource: Resource, name: str) -> StatusError:
    return StatusError(
        HTTPStatus.CONFLICT,
        "AlreadyExists",
        f'{resource.qualified} "{name}" already exists',
        _details(resource, name),
    )


def modified_meanwhile(resource: Resource, name: str) -> StatusError:
    return StatusError(
        HTTPStatus.CONFLICT,
        "Conflict",
        f'Operation cannot be fulfilled on {resource.qualified} "{name}": the object has been '
        "modified; please apply your changes to the latest version and try again",
        _details(resource, name),
    )


def precondition_failed(
    resource: Resource, name: str, what: str, wanted: str, found: str
) -> StatusError:
    return StatusError(
        HTTPStatus.CONFLICT,
        "Conflict",
        f'Operation cannot be fulfilled on {resource.qualified} "{name}": Precondition failed: '
        f"{what} in precondition: {wanted}, {what} in object meta: {found}",
        _details(resource, name),
    )


def apply_conflict(message: str, causes: list[Cause]) -> StatusError:
    return StatusError(
        HTTPStatus.CONFLICT,
        "Conflict",
        message,
        {"causes": [cause.as_json() for cause in causes]},
    )


def invalid(resource: Resource, name: str, causes: list[Cause]) -> StatusError:
    """Refuse an object with every field that is wrong, as ``Deployment.apps "x" is invalid: …``."""
    listed = [f"{cause.field}: {cause.message}" for cause in causes]
    words = listed[0] if len(listed) == 1 else "[" + ", ".join(listed) + "]"
    kind = f"{resource.kind}.{resource.group}" if resource.group else resource.kind
    details: Object = {"name": name, "kind": resource.kind}
    if resource.group:
        details["group"] = resource.group
    details["causes"] = [cause.as_json() for cause in causes]
    return StatusError(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "Invalid",
        f'{kind} "{name}" is invalid: {words}',
        details,
    )


def bad_request(message: str) -> StatusError:
    return StatusError(HTTPStatus.BAD_REQUEST, "BadRequest", message)


def expired(message: str) -> StatusError:
    return StatusError(HTTPStatus.GONE, "Expired", message)


def unauthorized() -> StatusError:
    return StatusError(HTTPStatus.UNAUTHORIZED, "Unauthorized", "Unauthorized")


def forbidden(message: str) -> StatusError:
    return StatusError(HTTPStatus.FORBIDDEN, "Forbidden", message)


def method_not_allowed() -> StatusError:
    return StatusError(
        HTTPStatus.METHOD_NOT_ALLOWED,
        "MethodNotAllowed",
        "the server does not allow this method on the requested resource",
    )


def unsupported_media_type(given: str, accepted: list[str]) -> StatusError:
    return StatusError(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "UnsupportedMediaType",
        "the body of the request was in an unknown format - accepted media types include: "
        + ", ".join(accepted)
        + (f" (not {given})" if given else ""),
    )
