"""The pages of what audit events are about; settings.AUDIT_ADDRESSES names ``address_of``."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.urls import NoReverseMatch, reverse

from audit.models import Event
from audit.parts import part_of

Facts = Mapping[str, Any]


def _project(thing: Facts) -> str:
    return reverse("portal:project", args=[thing["label"]])


def _environment(thing: Facts) -> str:
    return reverse("deployments:environment", args=str(thing["label"]).split("/"))


def _release(thing: Facts) -> str:
    return reverse("releases:release", args=str(thing["label"]).split(" ", maxsplit=1))


def _artifact_version(thing: Facts) -> str:
    return reverse("releases:artifact-version", args=[thing["id"]])


def _model_card(thing: Facts) -> str:
    return reverse("releases:card", args=[thing["id"]])


def _change_request(thing: Facts) -> str:
    return reverse("portal:change-request", args=[thing["id"]])


def _policy(thing: Facts) -> str:
    return reverse("releases:policy", args=[thing["label"]])


def _policy_version(thing: Facts) -> str:
    name, _, number = str(thing["label"]).rpartition(" v")
    return reverse("releases:policy-version", args=[name, int(number)])


def _model(thing: Facts) -> str:
    return reverse("models_registry:model", args=[thing["id"]])


def _model_version(thing: Facts) -> str:
    return reverse("models_registry:version", args=[thing["id"]])


def _model_registry(thing: Facts) -> str:
    return reverse("models_registry:registry", args=[thing["id"]])


def _retraining(thing: Facts) -> str:
    return reverse("models_registry:retraining", args=[thing["id"]])


def _team(thing: Facts) -> str:
    return reverse("catalog:team", args=[thing["label"]])


def _role(thing: Facts) -> str:
    return reverse("catalog:role", args=[thing["label"]])


def _log_destination(thing: Facts) -> str:
    return reverse("audit:destination", args=[thing["id"]])


def _account(thing: Facts) -> str:
    if str(thing["id"]).startswith("sys_"):
        return ""  # the portal itself has no page
    return reverse("catalog:account", args=[thing["id"]])


def _access_review(thing: Facts) -> str:
    return reverse("releases:access-review", args=[thing["id"]])


PAGES: Final[Mapping[str, Callable[[Facts], str]]] = {
    "project": _project,
    "environment": _environment,
    "release": _release,
    "artifact-version": _artifact_version,
    "change-request": _change_request,
    "policy": _policy,
    "policy-version": _policy_version,
    "model": _model,
    "model-card": _model_card,
    "model-version": _model_version,
    "model-registry": _model_registry,
    "retraining-request": _retraining,
    "team": _team,
    "role": _role,
    "account": _account,
    "access-review": _access_review,
    "log-destination": _log_destination,
}
"""By the type of the event's object; what is missing here is a part of what its stream is about."""


def address_of(event: Event) -> str:
    """Return the address of what the event is about, or of what it belongs to; empty without a page."""
    thing = part_of(event.facts, "object")
    kind, _, key = event.stream.partition("/")
    return page_of(thing if str(thing.get("type")) in PAGES else {"type": kind, "id": key})


def page_of(thing: Facts) -> str:
    """Return the address of a thing by its type, id and label, as entries name it; empty without a page."""
    page = PAGES.get(str(thing.get("type")))
    try:
        return page(thing) if page else ""
    except (KeyError, ValueError, NoReverseMatch):
        return ""  # an entry of another shape is shown without a link
