"""YAML as data and nothing else: one document, no tags, no anchors, no name twice, every scalar a text.

A scalar stays the text it was written as, so that `2.0`, `on` or a digest of digits are never something
else than that; the parser of a kind knows what it wants. Without anchors nothing can be larger than the file.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Final, TypeAlias

import yaml

from releases.parsers.errors import EvidenceRejected
from releases.parsers.reading import blocks, clip

Node: TypeAlias = "str | list[Node] | dict[str, Node]"
DEEPEST: Final = 20
MOST_NODES: Final = 100_000
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_OPEN: Final = (yaml.MappingStartEvent, yaml.SequenceStartEvent)
_CLOSE: Final = (yaml.MappingEndEvent, yaml.SequenceEndEvent)


@dataclass(slots=True)
class _Open:
    """A mapping or a list that is being read; ``key`` waits for its value."""

    node: "list[Node] | dict[str, Node]"
    key: str | None = field(default=None)


def read_yaml(stream: BinaryIO, *, limit: int) -> Node:
    """Return the one document in `stream`; raise EvidenceRejected naming what is wrong."""
    raw = b"".join(blocks(stream, limit=limit))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise EvidenceRejected(f"The report is not UTF-8 text (byte {error.start}).") from None
    try:
        return _document(yaml.parse(text, Loader=_LOADER))
    except yaml.YAMLError as error:
        raise EvidenceRejected(f"The report is not YAML: {_problem(error)}.") from None


def _document(events: Iterator[yaml.Event]) -> Node:
    documents: list[Node] = []
    opened: list[_Open] = []
    nodes = 0
    for event in events:
        if isinstance(event, yaml.NodeEvent):
            nodes += 1
            _refuse(event, nodes, len(opened))
        if isinstance(event, _OPEN):
            opened.append(_Open({} if isinstance(event, yaml.MappingStartEvent) else []))
        elif isinstance(event, _CLOSE):
            _put(opened.pop().node, opened, documents, event)
        elif isinstance(event, yaml.ScalarEvent):
            _put(event.value, opened, documents, event)
    if len(documents) != 1:
        raise EvidenceRejected(f"The report has {len(documents)} YAML documents; it must be one.")
    return documents[0]


def _refuse(event: yaml.NodeEvent, nodes: int, depth: int) -> None:
    """Refuse what makes YAML dangerous, and what no tool writes that we read."""
    where = _line(event)
    if isinstance(event, yaml.AliasEvent) or event.anchor:
        raise EvidenceRejected(
            f"The report uses YAML anchors or aliases ({where}); write the value out instead."
        )
    tag = getattr(event, "tag", None)
    if tag:
        raise EvidenceRejected(f"The report uses the YAML tag {clip(str(tag), 60)} ({where}).")
    if depth > DEEPEST:
        raise EvidenceRejected(f"The report is nested deeper than {DEEPEST} levels ({where}).")
    if nodes > MOST_NODES:
        raise EvidenceRejected(f"The report has more than {MOST_NODES} values.")


def _put(value: Node, opened: list[_Open], documents: list[Node], event: yaml.Event) -> None:
    """Put a value where it belongs: into the list, or as name or value into the mapping, round it."""
    if isinstance(value, str) and "\0" in value:
        raise EvidenceRejected(f"The report has a NUL character ({_line(event)}).")
    if not opened:
        documents.append(value)
        return
    holder = opened[-1]
    if isinstance(holder.node, list):
        holder.node.append(value)
    elif holder.key is None:
        if not isinstance(value, str):
            raise EvidenceRejected(f"The report has a name that is no text ({_line(event)}).")
        if value in holder.node:
            raise EvidenceRejected(
                f"The report has the name {clip(value, 60)} twice in one mapping ({_line(event)})."
            )
        holder.key = value
    else:
        holder.node[holder.key] = value
        holder.key = None


def _line(event: yaml.Event) -> str:
    mark = event.start_mark
    return f"line {mark.line + 1}" if mark else "somewhere"


def _problem(error: yaml.YAMLError) -> str:
    said = getattr(error, "problem", None) or str(error)
    mark = getattr(error, "problem_mark", None)
    where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
    return f"{clip(str(said), 120)}{where}"
