"""What an event changed, before and after, as its entry says it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from audit.parts import part_of

_DRAWN: Final = frozenset({"changed", "before", "after"})
_BEFORE_OF: Final = {
    "releases.policy_activated": ("policy in force", "policy"),
    "catalog.portal_permissions_changed": ("portal permission", "after"),
}
"""By the kind of event: what ``before`` is about, and which fact says what came instead."""


@dataclass(frozen=True)
class Difference:
    """One thing that changed; a row of the component that compares.

    Attributes:
        name: what.
        change: ``added``, ``removed``, ``changed`` or ``unchanged``.
        old: before, as text.
        new: after.
        is_digest: whether the two are digests.
    """

    name: str
    change: str
    old: str
    new: str
    is_digest: bool = False


def differences_of(facts: Mapping[str, Any]) -> list[Difference]:
    """Return what the entry's body says was changed; nothing if it says no such thing."""
    data = part_of(facts, "data")
    found = list(_fields(data.get("changed")))
    if "before" in data or "after" in data or _kind(facts) in _BEFORE_OF:
        name, new = _BEFORE_OF.get(_kind(facts), ("state", "after"))
        before, after = data.get("before"), data.get(new)
        if name == "state":
            before, after = _state(before), _state(after)
        found += _sides(name, before, after)
    return found


def other_facts(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the rest of what the entry says, by name, in words."""
    data = part_of(facts, "data")
    drawn = _DRAWN | {_BEFORE_OF.get(_kind(facts), ("", "after"))[1]}
    return [
        (name.replace("_", " ").capitalize(), _text(value))
        for name, value in data.items()
        if name not in drawn and value not in (None, "", [], {})
    ]


def _kind(facts: Mapping[str, Any]) -> str:
    return str(facts.get("type"))


def _state(value: Any) -> Any:
    return value.replace("_", " ") if isinstance(value, str) else value


def _fields(changed: Any) -> Iterator[Difference]:
    if not isinstance(changed, Mapping):
        return
    for name, sides in changed.items():
        if isinstance(sides, list) and len(sides) == 2:  # noqa: PLR2004 -- before and after
            yield from _sides(name.replace("_", " "), *sides)


def _sides(name: str, old: Any, new: Any) -> Iterator[Difference]:
    """Yield one row; of two lists, one for each member that is in either."""
    if isinstance(old, list) and isinstance(new, list):
        for member in [*old, *(one for one in new if one not in old)]:
            before = _text(member) if member in old else ""
            yield _row(name, before, _text(member) if member in new else "")
        return
    yield _row(name, _text(old), _text(new))


def _row(name: str, old: str, new: str) -> Difference:
    if old == new:
        change = "unchanged"
    elif old and new:
        change = "changed"
    else:
        change = "added" if new else "removed"
    return Difference(name, change, old, new, is_digest=old[:7] == new[:7] == "sha256:")


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    if isinstance(value, Mapping):
        return ", ".join(f"{name.replace('_', ' ')} {_text(one)}" for name, one in value.items())
    return str(value)
