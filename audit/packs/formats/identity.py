"""Identifiers that are the same whenever the same pack is built again."""

import uuid
from typing import Final

_NAMESPACE: Final = uuid.UUID("8d0c1a5e-5c0b-5f7e-9a51-0d5c8f6f2b11")


def same_uuid(seed: str, name: str) -> str:
    """Return a UUID (version 5) that depends on both texts alone."""
    return str(uuid.uuid5(_NAMESPACE, f"{seed}\n{name}"))
