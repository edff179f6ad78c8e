"""The parts of what an entry says, for those who show it or compute from it.

The portal writes them as objects. Whoever records past it may write anything in their place, which the tree
refuses and the table holds: it must not stop the reader of everything else.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from audit.depth import DEEPEST, is_too_deep

_MOST_DIGITS: Final = 18
"""Whatever they are, the number fits into 64 bits."""


def part_of(facts: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return a part, such as ``data`` or ``object``; empty if it is missing or is no object."""
    found = facts.get(name)
    return found if isinstance(found, dict) else {}


class FactsDecoder(json.JSONDecoder):
    """Reads the facts of an event as PostgreSQL keeps them, whatever its body was.

    A number of more digits than anything here works with is read as text; of what is nested deeper than an
    entry of the tree, nothing is read. The entry keeps both as they are.
    """

    def __init__(self) -> None:
        """Read integers by their length."""
        super().__init__(parse_int=_number)

    def decode(self, s: str, *args: Any) -> Any:
        """Return what the text says; an empty object if that is nested too deeply."""
        try:
            said = super().decode(s, *args)
        except RecursionError:
            return {}
        may_be_deep = s.count("{") + s.count("[") > DEEPEST
        return {} if may_be_deep and is_too_deep(said) else said


def _number(digits: str) -> int | str:
    return int(digits) if len(digits) <= _MOST_DIGITS else digits
