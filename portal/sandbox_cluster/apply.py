"""Server-side apply: merge what a manager says into the object, refuse what is another's.

Follows ``structured-merge-diff``: merge by schema, compare with the live object, conflict where
another manager owns a changed field, then drop what this manager applied before and no longer does
and nobody else owns.
"""

import copy
from dataclasses import dataclass
from typing import Any

from portal.sandbox_cluster import errors, fieldsets, schema
from portal.sandbox_cluster.fieldsets import Flat, Path, flatten
from portal.sandbox_cluster.managers import APPLY, Manager, Managers
from portal.sandbox_cluster.objects import clone

Object = dict[str, Any]


@dataclass(frozen=True)
class Applying:
    """How a body is applied: by whom, to what kind, and whether by force."""

    manager: str
    api_version: str
    force: bool = False
    custom: bool = False
    subresource: str = ""


def apply(live: Object | None, body: Object, how: Applying) -> Object:
    """Answer the object after ``body`` was applied. Raise 409 on a field of somebody else."""
    manager = Manager(APPLY, how.manager, how.subresource)
    api_version, custom = how.api_version, how.custom
    body = without_nulls(body)
    applied = frozenset(flatten(body, custom=custom))
    if live is None:
        created = clone(body)
        managers = Managers()
        managers.set(manager, applied)
        managers.write(created, api_version)
        return created

    managers = Managers.of(live)
    old = flatten(live, custom=custom)
    merged: Object = _merge(live, body, (), custom)
    new = flatten(merged, custom=custom)
    conflicts = _conflicts(managers, manager, old, new)
    if conflicts and not how.force:
        raise _refusal(managers, conflicts, api_version)
    for other, paths in conflicts.items():
        managers.set(other, managers.owned[other] - paths)

    dropped = managers.owned.get(manager, frozenset()) - applied
    managers.set(manager, applied)
    # Items before what is in them: an item that stays keeps the keys that name it.
    for path in sorted(dropped, key=len):
        if not _is_key(path) and not managers.own(manager, path) and not _beneath(applied, path):
            _remove(merged, path)
    managers.forget(frozenset(old) - frozenset(flatten(merged, custom=custom)))
    managers.write(merged, api_version)
    return merged


def _is_key(path: Path) -> bool:
    """Whether a path leads to one of the fields by which its item is named."""
    if len(path) < 2:  # noqa: PLR2004 -- an item and its field
        return False
    (kind, keys), (_, name) = path[-2:]
    return kind == "k" and name in dict(keys)


def _beneath(paths: frozenset[Path], path: Path) -> bool:
    return any(each[: len(path)] == path for each in paths)


def _conflicts(
    managers: Managers, who: Manager, old: Flat, new: Flat
) -> dict[Manager, frozenset[Path]]:
    changed = frozenset(path for path in new if path not in old or old[path] != new[path])
    found = {other: owned & changed for other, owned in managers.owned.items() if other != who}
    return {other: paths for other, paths in sorted(found.items()) if paths}


def _refusal(
    managers: Managers, conflicts: dict[Manager, frozenset[Path]], api_version: str
) -> errors.StatusError:
    spelled = {who: who.spelled(api_version, managers.times[who]) for who in conflicts}
    causes = [
        errors.Cause(
            "FieldManagerConflict", f"conflict with {spelled[who]}", fieldsets.spelled(path)
        )
        for who, paths in conflicts.items()
        for path in fieldsets.in_order(paths)
    ]
    if len(causes) == 1:
        only = causes[0]
        message = f"Apply failed with 1 conflict: {only.message}: {only.field}"
        return errors.apply_conflict(message, causes)
    lines = []
    for who, paths in conflicts.items():
        lines.append(f"conflicts with {spelled[who]}:")
        lines.extend(f"- {fieldsets.spelled(path)}" for path in fieldsets.in_order(paths))
    message = f"Apply failed with {len(causes)} conflicts: " + "\n".join(lines)
    return errors.apply_conflict(message, causes)


def without_nulls(value: Any) -> Any:
    """Drop what is ``null``: to the API's types it is the same as left out."""
    if isinstance(value, dict):
        return {name: without_nulls(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [without_nulls(inner) for inner in value if inner is not None]
    return value


def _merge(live: Any, body: Any, names: tuple[str, ...], custom: bool) -> Any:  # noqa: FBT001 -- recursion
    if isinstance(live, dict) and isinstance(body, dict):
        if schema.is_atomic_map(names, custom=custom):
            return clone(body)
        merged = dict(live)
        for name, value in body.items():
            merged[name] = _merge(live.get(name), value, (*names, name), custom)
        return merged
    if isinstance(live, list) and isinstance(body, list):
        return _merge_lists(live, body, names, custom)
    return clone(body)


def _merge_lists(live: list[Any], body: list[Any], names: tuple[str, ...], custom: bool) -> Any:  # noqa: FBT001 -- recursion
    kind, keys = schema.list_kind(names, custom=custom)
    if kind == schema.ATOMIC:
        return clone(body)
    if kind == schema.SET:
        return [*live, *(each for each in body if each not in live)]
    wanted = {schema.item_key(item, keys): item for item in body}
    merged = []
    for item in live:
        mine = wanted.pop(schema.item_key(item, keys), None)
        merged.append(item if mine is None else _merge(item, mine, names, custom))
    return [*merged, *clone(list(wanted.values()))]


def _remove(body: Object, path: Path) -> None:
    """Remove what a path leads to, and the maps that this leaves empty."""
    parents: list[tuple[Any, Any]] = []
    node: Any = body
    for step in path:
        place = _place(node, step)
        if place is None:
            return
        # The merged object shares its parts with the live one, which must not change.
        node[place] = copy.copy(node[place])
        parents.append((node, place))
        node = node[place]
    for depth, (parent, place) in enumerate(reversed(parents)):
        if depth and (parent[place] or isinstance(parent, list)):
            return
        del parent[place]


def _place(node: Any, step: fieldsets.Step) -> Any:
    """Find the key or the index that a step leads to; ``None`` if there is nothing."""
    kind, value = step
    if kind == "f":
        return value if isinstance(node, dict) and value in node else None
    for index, item in enumerate(node if isinstance(node, list) else []):
        if kind == "v" and item == value:
            return index
        if kind == "k" and schema.item_key(item, tuple(key for key, _ in value)) == value:
            return index
    return None
