"""Front matter: the YAML between two lines of ``---`` at the head of a text."""

from typing import Any, Final

from releases.parsers.errors import EvidenceRejected
from releases.parsers.strict_yaml import Node, documents_of

LONGEST: Final = 512 * 1024
"""Characters of front matter."""

_FENCE: Final = "---"
_SUBJECT: Final = "The front matter"
_NOTHING: Final = frozenset({"", "~", "null", "Null", "NULL"})


def split(text: str) -> tuple[str, str]:
    """Return the front matter and what follows it.

    Raises:
        EvidenceRejected: it does not begin with ``---``, or never ends.
    """
    lines = text.splitlines()
    if not lines or lines[0].rstrip() != _FENCE:
        raise EvidenceRejected("The file has no front matter: its first line is not ---.")
    ends = (index for index, line in enumerate(lines[1:], 1) if line.rstrip() in {_FENCE, "..."})
    end = next(ends, None)
    if end is None:
        raise EvidenceRejected("The front matter has no end: a second line of --- is missing.")
    return "\n".join(lines[1:end]), "\n".join(lines[end + 1 :])


def read_front_matter(text: str) -> dict[str, Any]:
    """Return its names and values: mappings, lists and texts; None for what is said to be nothing.

    Raises:
        EvidenceRejected: it is no mapping, too long, or what ``strict_yaml`` refuses.
    """
    if len(text) > LONGEST:
        raise EvidenceRejected(f"{_SUBJECT} is longer than {LONGEST} characters.")
    documents = documents_of(text, subject=_SUBJECT, lines_before=1)
    found = _value(documents[0]) if documents else None
    if found is not None and not isinstance(found, dict):
        raise EvidenceRejected(f"{_SUBJECT} is no object with names and values.")
    return found or {}


def _value(node: Node) -> Any:
    if isinstance(node, dict):
        return {name: _value(child) for name, child in node.items()}
    if isinstance(node, list):
        return [_value(child) for child in node]
    return None if node in _NOTHING else node
