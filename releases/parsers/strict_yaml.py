"""YAML as data and nothing else: one document, no tags, no anchors, no name twice, every scalar a text.

A scalar stays the text it was written as, so that `2.0`, `on`, the country code `no` or a digest of digits
are never something else than that; whoever reads a kind knows what it wants. Without anchors nothing can be
larger than the file.
"""

from dataclasses import dataclass, field
from typing import BinaryIO, Final, TypeAlias

import yaml

from releases.parsers.errors import EvidenceRejected
from releases.parsers.reading import blocks, clip

Node: TypeAlias = "str | list[Node] | dict[str, Node]"
DEEPEST: Final = 20
MOST_NODES: Final = 100_000
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(stream: BinaryIO, *, limit: int) -> Node:
    """Return the one document in `stream`; raise EvidenceRejected naming what is wrong."""
    raw = b"".join(blocks(stream, limit=limit))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise EvidenceRejected(f"The report is not UTF-8 text (byte {error.start}).") from None
    documents = documents_of(text)
    if len(documents) != 1:
        raise EvidenceRejected(f"The report has {len(documents)} YAML documents; it must be one.")
    return documents[0]


def documents_of(text: str, *, subject: str = "The report", lines_before: int = 0) -> list[Node]:
    """Return the documents in a text.

    Args:
        subject: what it is, as sentences begin.
        lines_before: how many lines of the file stand before it.

    Raises:
        EvidenceRejected: naming what is wrong, and where.
    """
    reading = _Reading(subject, lines_before)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            reading.take(event)
    except yaml.YAMLError as error:
        raise EvidenceRejected(f"{subject} is not YAML: {reading.problem(error)}.") from None
    return reading.documents


@dataclass(slots=True)
class _Open:
    """A mapping or a list that is being read; ``key`` waits for its value."""

    node: "list[Node] | dict[str, Node]"
    key: str | None = None


@dataclass(slots=True)
class _Reading:
    """What was read so far."""

    subject: str
    lines_before: int
    documents: list[Node] = field(default_factory=list)
    opened: list[_Open] = field(default_factory=list)
    nodes: int = 0

    def take(self, event: yaml.Event) -> None:
        """Take the next event of the parser."""
        if isinstance(event, yaml.NodeEvent):
            self.nodes += 1
            self._refuse(event)
        if isinstance(event, yaml.MappingStartEvent):
            self.opened.append(_Open({}))
        elif isinstance(event, yaml.SequenceStartEvent):
            self.opened.append(_Open([]))
        elif isinstance(event, yaml.CollectionEndEvent):
            self._put(self.opened.pop().node, event)
        elif isinstance(event, yaml.ScalarEvent):
            self._put(event.value, event)

    def _refuse(self, event: yaml.NodeEvent) -> None:
        """Refuse what makes YAML dangerous, and what no tool writes that we read."""
        where = self._line(event)
        if isinstance(event, yaml.AliasEvent) or event.anchor:
            raise EvidenceRejected(
                f"{self.subject} uses YAML anchors or aliases ({where}); write the value out instead."
            )
        if tag := getattr(event, "tag", None):
            raise EvidenceRejected(
                f"{self.subject} uses the YAML tag {clip(str(tag), 60)} ({where})."
            )
        if len(self.opened) > DEEPEST:
            raise EvidenceRejected(
                f"{self.subject} is nested deeper than {DEEPEST} levels ({where})."
            )
        if self.nodes > MOST_NODES:
            raise EvidenceRejected(f"{self.subject} has more than {MOST_NODES} values.")

    def _put(self, value: Node, event: yaml.Event) -> None:
        """Put a value where it belongs: into the list, or as name or value into the mapping, round it."""
        if isinstance(value, str) and "\0" in value:
            raise EvidenceRejected(f"{self.subject} has a NUL character ({self._line(event)}).")
        if not self.opened:
            self.documents.append(value)
            return
        holder = self.opened[-1]
        if isinstance(holder.node, list):
            holder.node.append(value)
        elif holder.key is None:
            holder.key = self._name(value, holder.node, event)
        else:
            holder.node[holder.key] = value
            holder.key = None

    def _name(self, value: Node, mapping: dict[str, Node], event: yaml.Event) -> str:
        if not isinstance(value, str):
            raise EvidenceRejected(
                f"{self.subject} has a name that is no text ({self._line(event)})."
            )
        if value in mapping:
            raise EvidenceRejected(
                f"{self.subject} has the name {clip(value, 60)} twice in one mapping "
                f"({self._line(event)})."
            )
        return value

    def _line(self, event: yaml.Event) -> str:
        mark = event.start_mark
        return f"line {self.lines_before + mark.line + 1}" if mark else "somewhere"

    def problem(self, error: yaml.YAMLError) -> str:
        """Return what the parser says, and where."""
        said = getattr(error, "problem", None) or str(error)
        mark = getattr(error, "problem_mark", None)
        line = (
            f" (line {self.lines_before + mark.line + 1}, column {mark.column + 1})" if mark else ""
        )
        return f"{clip(str(said), 120)}{line}"
