"""What somebody asked the log for, as an event about it says it: nothing that they typed of their own."""

import re
from collections.abc import Mapping
from typing import Any, Final

_PLAIN: Final = ("project", "environment", "type", "person", "stream", "outcome", "seal", "event")
_TIMES: Final = ("since", "until")
_TOKEN: Final = re.compile(r"[A-Za-z0-9._:/-]{1,200}")


def asked_of(wanted: Mapping[str, Any]) -> dict[str, str]:
    """Return the filters that were used, by name; a value that is no plain token is left out.

    Args:
        wanted: as ``EventFilter`` cleans it, or a part of it; searched words are no part of the result.
    """
    asked = {name: _plain(str(wanted[name])) for name in _PLAIN if wanted.get(name)}
    return asked | {
        name: f"{wanted[name]:%Y-%m-%dT%H:%M:%SZ}" for name in _TIMES if wanted.get(name)
    }


def in_words(asked: Mapping[str, str], *, has_words: bool) -> str:
    """Return the same as a part of a sentence."""
    said = [f"{name} {value}" for name, value in asked.items()]
    if has_words:
        said.append("with certain words")
    return ", ".join(said) or "everything that the account may read"


def _plain(value: str) -> str:
    return value if _TOKEN.fullmatch(value) else "(not a name of ours)"
