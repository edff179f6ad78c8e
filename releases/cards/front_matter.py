"""YAML of strangers: text only, no aliases, no tags, a limit on everything.

Every scalar stays the text that was written, so that the country code ``no`` is no false, and a date is no
date. An alias is how a few lines become a billion; front matter has no use for one.
"""

from typing import Any, Final

import yaml

from releases.parsers.errors import EvidenceRejected
from releases.parsers.reading import clip

MOST_NODES: Final = 20_000
DEEPEST: Final = 20
LONGEST: Final = 512 * 1024
"""Characters of front matter."""

_FENCE: Final = "---"
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


def read_yaml(text: str) -> Any:
    """Return mappings, lists and texts; None for nothing.

    Raises:
        EvidenceRejected: no YAML, an alias, a name twice, too long, too deep, or too much.
    """
    if len(text) > LONGEST:
        raise EvidenceRejected(f"The front matter is longer than {LONGEST} characters.")
    try:
        _refuse_bombs(text)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 2})" if mark else ""
        said = getattr(error, "problem", None) or "it cannot be read"
        raise EvidenceRejected(f"The front matter is no YAML: {clip(said, 100)}{where}.") from None
    return None if node is None else _value(node)


def _refuse_bombs(text: str) -> None:
    """Walk the events first: composing builds everything, and recurses as deep as the text says."""
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=yaml.SafeLoader)):
        if isinstance(event, yaml.AliasEvent):
            raise EvidenceRejected(
                f"The front matter has the alias *{clip(str(event.anchor), 40)}; write the value out."
            )
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            raise EvidenceRejected(f"The front matter is nested more than {DEEPEST} levels deep.")
        if count > MOST_NODES:
            raise EvidenceRejected(f"The front matter has more than {MOST_NODES} parts.")


def _value(node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return _mapping(node)
    if isinstance(node, yaml.SequenceNode):
        return [_value(child) for child in node.value]
    text = str(node.value)
    is_quoted = isinstance(node, yaml.ScalarNode) and node.style in {"'", '"', "|", ">"}
    return None if text in _NOTHING and not is_quoted else text


def _mapping(node: yaml.MappingNode) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, child in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise EvidenceRejected("The front matter has a list or an object for a name.")
        name = str(key.value)
        if name in found:
            raise EvidenceRejected(f"The front matter has the name {clip(name, 60)!r} twice.")
        found[name] = _value(child)
    return found
