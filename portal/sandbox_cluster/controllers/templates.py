"""Pod templates: how a ReplicaSet is told from its Deployment's other ones."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from portal.sandbox_cluster.objects import clone

Object = dict[str, Any]
REVISION = "deployment.kubernetes.io/revision"
HASH = "pod-template-hash"


def revision_of(replica_set: Object) -> int:
    return int((replica_set["metadata"].get("annotations") or {}).get(REVISION, 0))


def template_hash(template: Object) -> str:
    """Name a pod template by its content, in the letters of generated names."""
    canonical = json.dumps(template, sort_keys=True).encode()
    number = int.from_bytes(hashlib.sha256(canonical).digest()[:8], "big")
    letters = "bcdfghjklmnpqrstvwxz2456789"
    name = ""
    while len(name) < 10:  # noqa: PLR2004 -- the usual length
        number, rest = divmod(number, len(letters))
        name += letters[rest]
    return name


def same_template(replica_set: Object, deployment: Object) -> bool:
    ours = clone(replica_set["spec"]["template"])
    (ours["metadata"].get("labels") or {}).pop(HASH, None)
    theirs = deployment["spec"]["template"]
    return bool(ours == theirs)


def amount(value: int | str, replicas: int, round_it: Callable[[float], int]) -> int:
    """Resolve ``2`` or ``"25%"`` of the replicas."""
    if isinstance(value, int):
        return value
    return int(round_it(int(value.removesuffix("%")) * replicas / 100))
