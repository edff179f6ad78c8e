"""Objects as the API has them: plain JSON values."""

from typing import Any, TypeVar

Value = TypeVar("Value")


def clone(value: Value) -> Value:
    """Copy a JSON value deeply, several times as fast as ``copy.deepcopy``, which expects anything."""
    copied: Any = value
    if isinstance(value, dict):
        copied = {name: clone(inner) for name, inner in value.items()}
    elif isinstance(value, list):
        copied = [clone(inner) for inner in value]
    result: Value = copied
    return result
