"""Sets of fields: how an object falls apart into paths, and how ``fieldsV1`` writes them down.

A path is a tuple of steps: ``("f", name)`` into a map, ``("k", keys)`` to an item of a list map,
``("v", value)`` to an element of a set.
"""

import json
from collections.abc import Iterable
from typing import Any

from portal.sandbox_cluster import schema

Object = dict[str, Any]
Step = tuple[str, Any]
Path = tuple[Step, ...]
Flat = dict[Path, Any]

ITEM = object()
"""The value of the path to a list-map item itself; its fields have paths of their own."""

_SERVER_OWNED = frozenset(
    {
        "creationTimestamp",
        "generation",
        "managedFields",
        "name",
        "namespace",
        "resourceVersion",
        "selfLink",
        "uid",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
    }
)


def flatten(body: Object, *, custom: bool) -> Flat:
    """Take an object apart into its owned paths and their values.

    What the server itself sets (name, uid, revision …) belongs to nobody and is left out.
    """
    flat: Flat = {}
    for name, value in body.items():
        if name in {"apiVersion", "kind"}:
            continue
        if name == "metadata":
            owned = {k: v for k, v in value.items() if k not in _SERVER_OWNED}
            for key, inner in owned.items():
                _flatten(inner, (("f", "metadata"), ("f", key)), ("metadata", key), flat, custom)
        else:
            _flatten(value, (("f", name),), (name,), flat, custom)
    return flat


def _flatten(value: Any, path: Path, names: tuple[str, ...], flat: Flat, custom: bool) -> None:  # noqa: FBT001 -- recursion
    if isinstance(value, dict) and value and not schema.is_atomic_map(names, custom=custom):
        for name, inner in value.items():
            _flatten(inner, (*path, ("f", name)), (*names, name), flat, custom)
    elif isinstance(value, list) and value:
        _flatten_list(value, path, names, flat, custom)
    else:
        flat[path] = value


def _flatten_list(
    value: list[Any],
    path: Path,
    names: tuple[str, ...],
    flat: Flat,
    custom: bool,  # noqa: FBT001 -- recursion
) -> None:
    kind, keys = schema.list_kind(names, custom=custom)
    if kind == schema.ATOMIC:
        flat[path] = value
    elif kind == schema.SET:
        for element in value:
            flat[(*path, ("v", element))] = element
    else:
        for item in value:
            at = (*path, ("k", schema.item_key(item, keys)))
            flat[at] = ITEM
            for name, inner in item.items():
                _flatten(inner, (*at, ("f", name)), (*names, name), flat, custom)


def encode(paths: Iterable[Path]) -> Object:
    """Write a set of paths as ``fieldsV1``."""
    root: Object = {}
    for path in sorted(paths, key=_order):
        node = root
        for step in path:
            node = node.setdefault(_encode_step(step), {})
        node["."] = {}
    return _without_leaf_dots(root)


def _without_leaf_dots(node: Object) -> Object:
    """``{".": {}}`` alone is a leaf and is written ``{}``."""
    return {
        name: {} if set(inner) == {"."} else _without_leaf_dots(inner)
        for name, inner in node.items()
    }


def decode(fields: Object) -> frozenset[Path]:
    """Read ``fieldsV1``."""
    found: set[Path] = set()
    _decode(fields, (), found)
    return frozenset(found)


def _decode(node: Object, path: Path, found: set[Path]) -> None:
    for name, inner in node.items():
        if name == ".":
            found.add(path)
            continue
        at = (*path, _decode_step(name))
        if inner:
            _decode(inner, at, found)
        else:
            found.add(at)


def _encode_step(step: Step) -> str:
    kind, value = step
    if kind == "f":
        return f"f:{value}"
    if kind == "k":
        return "k:" + json.dumps(dict(value), separators=(",", ":"))
    return "v:" + json.dumps(value)


def _decode_step(text: str) -> Step:
    kind, _, value = text.partition(":")
    if kind == "f":
        return ("f", value)
    if kind == "k":
        return ("k", tuple(sorted(json.loads(value).items())))
    return ("v", json.loads(value))


def _order(path: Path) -> list[tuple[str, str]]:
    return [(kind, value if kind == "f" else json.dumps(value)) for kind, value in path]


def in_order(paths: Iterable[Path]) -> list[Path]:
    return sorted(paths, key=_order)


def spelled(path: Path) -> str:
    """Spell a path as conflicts do: ``.spec.containers[name="api"].image``."""
    return "".join(_spell_step(step) for step in path)


def _spell_step(step: Step) -> str:
    kind, value = step
    if kind == "f":
        return f".{value}"
    if kind == "k":
        return "[" + ",".join(f"{key}={json.dumps(each)}" for key, each in value) + "]"
    return f"[={json.dumps(value)}]"
