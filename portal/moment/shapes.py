"""What an entry must say to be counted: the shape in which the portal writes those of its kind.

Whoever has the application's sign-in to the database can record past the portal, with anything in place of
a number or a list. Such an entry is told of, and nothing is computed from it.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from audit.models import Event
from audit.parts import part_of
from catalog.audit_events import CatalogEvent
from releases.audit_events import ReleaseEvent

Shape = Callable[[Any], bool]


def _number(value: Any) -> bool:
    return type(value) is int  # true and false are none


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_text, value))


def _time(value: Any) -> bool:
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except (TypeError, ValueError):
        return False


def _or_none(shape: Shape) -> Shape:
    return lambda value: value is None or shape(value)


def _verbs_changed(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    verbs = value.get("permissions", [[], []])
    return (
        isinstance(verbs, list)
        and len(verbs) == len(("before", "after"))
        and all(map(_texts, verbs))
    )


def _counted(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(each, dict) and _number(each.get("approval")) and _text(each.get("rule"))
        for each in value
    )


_OF_A_NUMBER: Final = {"object.id": _number}
_OF_AN_ACCOUNT: Final = {
    "data.account_id": _or_none(_text),
    "object.id": lambda value: value is not None,
}
_OF_A_TEAM: Final = {"object.label": _text, "data.account": _text}
_ENDED: Final = {"data.membership": _number, "data.role": _text}

_SHAPES: Final[Mapping[str, Mapping[str, Shape]]] = {
    ReleaseEvent.DEPLOYING: _OF_A_NUMBER,
    ReleaseEvent.VERIFYING: _OF_A_NUMBER,
    ReleaseEvent.DEPLOYED: _OF_A_NUMBER,
    ReleaseEvent.FAILED: _OF_A_NUMBER,
    ReleaseEvent.ERRORED: _OF_A_NUMBER,
    ReleaseEvent.SEALED: {"data.digests": _or_none(_texts)},
    ReleaseEvent.APPROVED: {"data.approval": _number, "data.roles": _or_none(_texts)},
    ReleaseEvent.ALL_RULES_MET: {
        "data.statement_digest": _or_none(_text),
        "data.counted": _or_none(_counted),
    },
    ReleaseEvent.EVIDENCE_ADDED: {"object.digest": _or_none(_text)},
    CatalogEvent.PROJECT_CREATED: {"data.first_role": _or_none(_text)},
    CatalogEvent.MEMBERSHIP_GIVEN: {
        "data.membership": _number,
        "data.role": _text,
        "data.account": _or_none(_text),
        "data.team": _or_none(_text),
        "data.environments": _or_none(_texts),
        "data.expires_at": _or_none(_time),
    },
    CatalogEvent.MEMBERSHIP_ENDED: _ENDED,
    CatalogEvent.MEMBERSHIP_EXPIRED: _ENDED,
    CatalogEvent.TEAM_MEMBER_ADDED: _OF_A_TEAM,
    CatalogEvent.TEAM_MEMBER_REMOVED: _OF_A_TEAM,
    CatalogEvent.PERSON_DEACTIVATED: _OF_AN_ACCOUNT,
    CatalogEvent.PERSON_REACTIVATED: _OF_AN_ACCOUNT,
    CatalogEvent.SERVICE_ACCOUNT_DEACTIVATED: _OF_AN_ACCOUNT,
    CatalogEvent.ROLE_CHANGED: {"object.label": _text, "data.changed": _verbs_changed},
}
"""By the kind of entry: what a moment reads of it. Of the others it reads nothing that has a shape."""


def has_its_shape(event: Event) -> bool:
    """Whether the entry says what the portal writes of its kind."""
    return all(
        shape(part_of(event.facts, part).get(name))
        for path, shape in _SHAPES.get(event.type, {}).items()
        for part, _, name in [path.partition(".")]
    )


def sentence_about(event: Event) -> str:
    """Say that an entry has another shape."""
    return (
        f"Entry {event.pk} ({event.type}) does not say what the portal writes of that kind, so nothing "
        "here counts on it: somebody recorded it past the portal."
    )
