"""How deep an entry may be nested: readers of JSON give up at some depth, each at its own."""

from collections.abc import Iterable
from typing import Any, Final

DEEPEST: Final = 64
"""Levels of lists and objects."""


def is_too_deep(said: Any) -> bool:
    """Whether there are lists or objects below the deepest level."""
    level = [said]
    for _ in range(DEEPEST):
        level = [inner for each in level for inner in _inside(each)]
        if not level:
            return False
    return any(isinstance(each, dict | list) for each in level)


def _inside(said: Any) -> Iterable[Any]:
    match said:
        case dict():
            return said.values()
        case list():
            return said
        case _:
            return ()
