"""JSON merge patch (RFC 7386) and Kubernetes' strategic merge patch."""

from typing import Any

from portal.sandbox_cluster import schema
from portal.sandbox_cluster.errors import bad_request
from portal.sandbox_cluster.objects import clone

Object = dict[str, Any]

_DIRECTIVE = "$patch"
_DELETE_FROM_LIST = "$deleteFromPrimitiveList/"
_IGNORED = ("$setElementOrder/", "$retainKeys")


def merge(live: Any, patch: Any) -> Any:
    """Apply a JSON merge patch: maps merge, ``null`` removes, everything else replaces."""
    if not isinstance(patch, dict):
        return clone(patch)
    merged = dict(live) if isinstance(live, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge(merged.get(name), value)
    return merged


def strategic(live: Any, patch: Any) -> Any:
    """Apply a strategic merge patch: as above, but lists with a merge key merge by it."""
    if not isinstance(patch, dict):
        return clone(patch)
    if patch.get(_DIRECTIVE) == "replace":
        return {name: clone(inner) for name, inner in patch.items() if name != _DIRECTIVE}
    if patch.get(_DIRECTIVE) == "delete":
        return {}
    merged = dict(live) if isinstance(live, dict) else {}
    for name, value in patch.items():
        if not name.startswith((*_IGNORED, _DIRECTIVE)):
            _strategic_field(merged, name, value)
    return merged


def _strategic_field(merged: Object, name: str, value: Any) -> None:
    if name.startswith(_DELETE_FROM_LIST):
        field = name.removeprefix(_DELETE_FROM_LIST)
        merged[field] = [each for each in merged.get(field) or [] if each not in value]
    elif value is None:
        merged.pop(name, None)
    elif isinstance(value, list):
        merged[name] = _strategic_list(merged.get(name) or [], value, name)
    else:
        merged[name] = strategic(merged.get(name), value)


def _strategic_list(live: list[Any], patch: list[Any], name: str) -> list[Any]:
    if name in schema.MERGED_SETS:
        return [*live, *(each for each in patch if each not in live)]
    key = schema.MERGE_KEYS.get(name)
    if key is None:
        return clone(patch)
    if any(each == {_DIRECTIVE: "replace"} for each in patch):
        return [clone(each) for each in patch if each != {_DIRECTIVE: "replace"}]
    merged = list(live)
    for item in patch:
        if not isinstance(item, dict) or key not in item:
            raise bad_request(f"map: {item} does not contain declared merge key: {key}")
        _merge_item(merged, item, key)
    return merged


def _merge_item(merged: list[Any], item: Object, key: str) -> None:
    at = next((i for i, each in enumerate(merged) if each.get(key) == item[key]), None)
    if item.get(_DIRECTIVE) == "delete":
        if at is not None:
            del merged[at]
    elif at is None:
        merged.insert(0, strategic({}, item))
    else:
        merged[at] = strategic(merged[at], item)
