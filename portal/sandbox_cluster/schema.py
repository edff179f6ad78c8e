"""Which lists are maps in disguise, and which maps are one value: how the API's types merge.

From the ``x-kubernetes-list-type``, ``x-kubernetes-list-map-keys`` and ``x-kubernetes-map-type``
marks of the published OpenAPI document. Within the kinds served here a field's own name decides.
"""

from typing import Any

ATOMIC = "atomic"
MAP = "map"
SET = "set"

_LIST_KEYS: dict[str, tuple[str, ...]] = {
    "conditions": ("type",),
    "containers": ("name",),
    "env": ("name",),
    "ephemeralContainers": ("name",),
    "hostAliases": ("ip",),
    "imagePullSecrets": ("name",),
    "initContainers": ("name",),
    "ports": ("containerPort", "protocol"),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
    "volumeDevices": ("devicePath",),
    "volumeMounts": ("mountPath",),
    "volumes": ("name",),
}
_KEY_DEFAULTS = {"protocol": "TCP"}

_ATOMIC_MAPS = frozenset(
    {
        "configMapKeyRef",
        "fieldRef",
        "labelSelector",
        "nodeSelector",
        "resourceFieldRef",
        "secretKeyRef",
        "selector",
    }
)

MERGE_KEYS = {name: keys[0] for name, keys in _LIST_KEYS.items()} | {"ownerReferences": "uid"}
"""The (single) merge keys of strategic merge patch."""

MERGED_SETS = frozenset({"finalizers"})


def list_kind(names: tuple[str, ...], *, custom: bool) -> tuple[str, tuple[str, ...]]:
    """Say how the list at a path of field names merges: atomic, a set, or a map with which keys.

    A custom resource without a schema has atomic lists, but for its metadata.
    """
    if names == ("metadata", "finalizers"):
        return SET, ()
    if names == ("metadata", "ownerReferences"):
        return MAP, ("uid",)
    keys = _LIST_KEYS.get(names[-1])
    if custom or keys is None or (names[0] == "status" and names[-1] != "conditions"):
        return ATOMIC, ()
    return MAP, keys


def is_atomic_map(names: tuple[str, ...], *, custom: bool) -> bool:
    return not custom and bool(names) and names[0] == "spec" and names[-1] in _ATOMIC_MAPS


def item_key(item: Any, keys: tuple[str, ...]) -> tuple[tuple[str, Any], ...]:
    """Name an item of a list map by its keys, sorted, with the API's defaults filled in."""
    return tuple((key, item.get(key, _KEY_DEFAULTS.get(key))) for key in sorted(keys))
