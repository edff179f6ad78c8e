"""A graph as a page draws it: columns of nodes on a grid of equal rows, and curves between them.

The nodes are HTML, so that they are read, reached by keyboard and stacked on a phone; only the curves are
SVG, stretched over the same grid. A node is two rows high. An edge that passes a column takes a row of it, so
that no curve runs behind a node it does not concern. Nothing here asks the database.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final

from deployments.lineage.graph import Edge, Graph, Kind, Node
from releases.parsers.pins import ALGORITHMS, NONE, STRONG, WEAK

NODE_ROWS: Final = 2
MOST_ROWS: Final = 60
"""Rows that the style sheet knows (.gh-row-1 …)."""
ROW_REMS: Final = 2.9
"""Height of a row, as in the style sheet (--gh-lineage-row)."""
_WIDTH: Final = 1000
_ROW: Final = 100
_GAP: Final = 40
"""Between two columns, of the width; 4 % in the style sheet (.gh-lineage-columns)."""
_SWEEPS: Final = 4
_TITLES: Final = {
    Kind.RUN: "Training",
    Kind.VERSION: "Versions",
    Kind.RELEASE: "Releases",
    Kind.DEPLOYMENT: "Where it went",
}
_ICONS: Final = {
    Kind.DATASET: "database",
    Kind.RUN: "test-pipe",
    Kind.VERSION: "package",
    Kind.RELEASE: "lock",
    Kind.DEPLOYMENT: "server",
}
_KINDS: Final = {"model": "brain", "image": "box", "dataset": "database"}
_STRENGTHS: Final = {
    STRONG: ("good", "fingerprint"),
    WEAK: ("warn", "alert-triangle"),
    NONE: ("unknown", "help-circle"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Badge:
    """``components/badge.html``."""

    label: str
    tone: str
    icon: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One node in its column; ``row`` counts from 1."""

    row: int
    icon: str
    name: str
    detail: str
    digest: str
    badge: Badge | None
    state: str
    at: datetime | None
    url: str
    comes_from: str
    is_subject: bool
    is_live: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One step on the way from data to where it runs."""

    title: str
    nodes: Sequence[Drawn]


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One edge, as the ``d`` of a path."""

    d: str
    is_live: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Everything that ``deployments/lineage/graph.html`` draws."""

    columns: Sequence[Column]
    curves: Sequence[Curve]
    rows: int
    remarks: Sequence[str]

    @property
    def view_height(self) -> int:
        """Of the curves, in the units of their paths."""
        return self.rows * _ROW

    @property
    def height(self) -> str:
        """Of the curves on the page: as high as the rows of the grid."""
        return f"{self.rows * ROW_REMS:.2f}rem"

    @property
    def count(self) -> int:
        """How many columns there are."""
        return len(self.columns)


#: A place in a column: a node by its id, or where an edge passes, by edge and level.
_Place = str | tuple[str, str, int]


def picture_of(graph: Graph) -> Picture:
    """Return the picture."""
    nodes = {node.id: node for node in graph.nodes}
    chains = [_chain(edge, nodes) for edge in graph.edges]
    columns = _ordered(_columns(graph, chains), chains)
    rows, height = _rows(columns)
    sources = _sources(graph)
    return Picture(
        columns=[
            Column(
                title=_title(level, column, nodes),
                nodes=[
                    _drawn(nodes[place], rows[place] + 1, sources.get(place, []))
                    for place in column
                    if isinstance(place, str)
                ],
            )
            for level, column in enumerate(columns)
        ],
        curves=[
            Curve(
                d=_path(chain, rows, nodes, len(columns)),
                is_live=nodes[str(chain[0])].is_live and nodes[str(chain[-1])].is_live,
            )
            for chain in sorted(chains, key=lambda each: nodes[str(each[-1])].is_live)
        ],
        rows=height,
        remarks=graph.remarks,
    )


def _chain(edge: Edge, nodes: Mapping[str, Node]) -> list[_Place]:
    """Return the places that an edge goes through, one a column."""
    first, last = nodes[edge.source].level, nodes[edge.target].level
    between = [(edge.source, edge.target, level) for level in range(first + 1, last)]
    return [edge.source, *between, edge.target]


def _columns(graph: Graph, chains: Iterable[Sequence[_Place]]) -> list[list[_Place]]:
    """Return the places of each column, in the order in which they were found."""
    deepest = max((node.level for node in graph.nodes), default=-1)
    columns: list[list[_Place]] = [[] for _ in range(deepest + 1)]
    for node in graph.nodes:
        columns[node.level].append(node.id)
    for chain in chains:
        for place in chain:
            if not isinstance(place, str):
                columns[place[2]].append(place)
    return columns


def _ordered(columns: list[list[_Place]], chains: Sequence[Sequence[_Place]]) -> list[list[_Place]]:
    """Return the columns so ordered that few curves cross: each place near the middle of its neighbours."""
    before: dict[_Place, list[_Place]] = {}
    after: dict[_Place, list[_Place]] = {}
    for chain in chains:
        for one, other in pairwise(chain):
            after.setdefault(one, []).append(other)
            before.setdefault(other, []).append(one)
    for sweep in range(_SWEEPS):
        forward = sweep % 2 == 0
        order = range(1, len(columns)) if forward else range(len(columns) - 2, -1, -1)
        for level in order:
            near = columns[level - 1 if forward else level + 1]
            _by_middle(columns[level], near, before if forward else after)
    return columns


def _by_middle(
    column: list[_Place], near: Sequence[_Place], neighbours: Mapping[_Place, Sequence[_Place]]
) -> None:
    at = {place: index for index, place in enumerate(near)}
    own = {place: index for index, place in enumerate(column)}

    def middle(place: _Place) -> tuple[float, int]:
        found = [at[each] for each in neighbours.get(place, ()) if each in at]
        return (sum(found) / len(found) if found else own[place]), own[place]

    column.sort(key=middle)


def _rows(columns: Sequence[Sequence[_Place]]) -> tuple[dict[_Place, int], int]:
    """Return the first row of each place, from 0, each column in the middle; and how many rows there are."""
    heights = [sum(_height(place) for place in column) for column in columns]
    height = min(max(heights, default=0), MOST_ROWS)
    rows: dict[_Place, int] = {}
    for column, own in zip(columns, heights, strict=True):
        row = max((height - own) // 2, 0)
        for place in column:
            rows[place] = min(row, MOST_ROWS - NODE_ROWS)
            row += _height(place)
    return rows, height


def _height(place: _Place) -> int:
    return NODE_ROWS if isinstance(place, str) else 1


def _path(
    chain: Sequence[_Place],
    rows: Mapping[_Place, int],
    nodes: Mapping[str, Node],
    count: int,
) -> str:
    """Return the curve from the right of one node to the left of the other, through what it passes."""
    width = (_WIDTH - _GAP * (count - 1)) / count
    first = nodes[str(chain[0])].level
    parts: list[str] = []
    for step, (one, other) in enumerate(pairwise(chain)):
        left = (first + step) * (width + _GAP) + width
        right = left + _GAP
        middle = (left + right) / 2
        y, next_y = _middle(one, rows), _middle(other, rows)
        parts.append(f"{'L' if parts else 'M'}{left:.0f} {y}")
        parts.append(f"C{middle:.0f} {y} {middle:.0f} {next_y} {right:.0f} {next_y}")
    return " ".join(parts)


def _middle(place: _Place, rows: Mapping[_Place, int]) -> int:
    return rows[place] * _ROW + _height(place) * _ROW // 2


def _sources(graph: Graph) -> dict[str, list[str]]:
    names = {node.id: node.name for node in graph.nodes}
    found: dict[str, list[str]] = {}
    for edge in graph.edges:
        found.setdefault(edge.target, []).append(names[edge.source])
    return found


def _title(level: int, column: Sequence[_Place], nodes: Mapping[str, Node]) -> str:
    kind = next(nodes[place].kind for place in column if isinstance(place, str))
    if kind == Kind.DATASET:
        return "Prepared data" if level else "Data"
    return _TITLES[kind]


def _drawn(node: Node, row: int, sources: Sequence[str]) -> Drawn:
    looks = {Kind.VERSION: _KINDS.get(node.detail, _ICONS[Kind.VERSION])}
    return Drawn(
        row=row,
        icon=looks.get(node.kind, _ICONS[node.kind]),
        name=node.name,
        detail=node.detail,
        digest="" if node.algorithm == "delta" else node.digest,
        badge=_badge(node),
        state=node.state,
        at=node.at,
        url=node.url,
        comes_from=", ".join(sources),
        is_subject=node.is_subject,
        is_live=node.is_live,
    )


def _badge(node: Node) -> Badge | None:
    """Return how a data set's state is named, and by its tone what that is worth."""
    if node.kind != Kind.DATASET:
        return None
    tone, icon = _STRENGTHS[node.strength]
    return Badge(label=ALGORITHMS[node.algorithm].words, tone=tone, icon=icon)
