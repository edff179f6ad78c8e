"""The graph: what was read, brought into nodes and edges that lead from data to where it runs.

    data → prepared data → training run → version → release → deployment

Pure: nothing here asks the database. Edges only lead from a lower level to a higher one, whatever a dvc.lock
claims, so the graph has no circle.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from releases.comparing.datasets import MADE, Dataset

MOST_LEVELS_OF_DATA: Final = 3
"""Columns of data: sources, and what was made of them in at most so many steps less one."""


class Kind(StrEnum):
    """What a node is."""

    DATASET = "dataset"
    RUN = "run"
    VERSION = "version"
    RELEASE = "release"
    DEPLOYMENT = "deployment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The training of a version, as MLflow said."""

    id: str
    name: str
    detail: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A stage of a pipeline: the paths that it read and made."""

    reads: frozenset[str]
    makes: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A version with where it comes from.

    Attributes:
        pk: of the artifact version; None while its digest is not known.
        is_subject: whether it is what the graph is about, or stands beside it in a release.
    """

    id: str
    name: str
    kind: str
    digest: str
    url: str
    pk: int | None
    is_subject: bool
    datasets: Sequence[Dataset] = ()
    stages: Sequence[Stage] = ()
    run: Run | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """A release with the ids of the artifact versions in it.

    Attributes:
        datasets: the data that a report about the release as a whole names.
    """

    pk: int
    name: str
    detail: str
    url: str
    sealed_at: datetime
    items: frozenset[int]
    datasets: Sequence[Dataset] = ()
    stages: Sequence[Stage] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """An attempt to put a release on an environment.

    Attributes:
        state: ``serving``, ``replaced``, or the deployment's own state where it did not succeed.
    """

    pk: int
    release: int
    environment: str
    detail: str
    state: str
    at: datetime
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything that the graph is made of, and sentences about what is missing or was left out."""

    versions: Sequence[Made]
    releases: Sequence[Released] = ()
    deployments: Sequence[Carried] = ()
    addresses: Mapping[str, str] = field(default_factory=dict)
    """Pages of data sets, by digest."""
    remarks: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One thing. ``level`` counts from the left, beginning with 0."""

    id: str
    kind: Kind
    name: str
    detail: str = ""
    digest: str = ""
    strength: str = ""
    """Of a data set's digest: strong, weak or none."""
    algorithm: str = ""
    """How a data set's digest was made, a key of ``releases.parsers.pins.ALGORITHMS``."""
    state: str = ""
    at: datetime | None = None
    url: str = ""
    level: int = 0
    is_subject: bool = False
    is_live: bool = False
    """Whether something that serves now depends on it, or is it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One thing went into another; both by id."""

    source: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """Nodes by level, edges from lower to higher levels, and what is missing in sentences."""

    nodes: Sequence[Node]
    edges: Sequence[Edge]
    remarks: Sequence[str]

    def of(self, kind: Kind) -> list[Node]:
        """Return the nodes of a kind."""
        return [node for node in self.nodes if node.kind == kind]


def graph_of(facts: Facts) -> Graph:
    """Return the graph."""
    edges = list(dict.fromkeys(_edges(facts)))
    live = _live(facts, edges)
    levels = _levels(facts, edges)
    nodes = {node.id: node for node in _nodes(facts)}
    placed = [
        replace(node, level=levels[node.id], is_live=node.id in live) for node in nodes.values()
    ]
    return Graph(
        nodes=sorted(placed, key=lambda node: node.level),
        edges=[edge for edge in edges if levels[edge.source] < levels[edge.target]],
        remarks=[*_gaps(facts), *facts.remarks],
    )


def dataset_id(dataset: Dataset) -> str:
    """Return the id of a data set: the same state of the same data is one node."""
    said = f"{dataset.name}\0{dataset.context}\0{dataset.best.digest}"
    return f"dataset:{hashlib.sha256(said.encode()).hexdigest()[:16]}"


def _nodes(facts: Facts) -> Iterator[Node]:
    for version in facts.versions:
        yield from (_dataset(each, facts.addresses) for each in version.datasets)
        run = version.run
        if run:
            yield Node(id=run.id, kind=Kind.RUN, name=run.name, detail=run.detail, url=run.url)
        yield Node(
            id=version.id,
            kind=Kind.VERSION,
            name=version.name,
            detail=version.kind,
            digest=version.digest,
            url=version.url,
            is_subject=version.is_subject,
        )
    for release in facts.releases:
        yield from (_dataset(each, facts.addresses) for each in release.datasets)
        yield Node(
            id=f"release:{release.pk}",
            kind=Kind.RELEASE,
            name=release.name,
            detail=release.detail,
            at=release.sealed_at,
            url=release.url,
        )
    for each in facts.deployments:
        yield Node(
            id=f"deployment:{each.pk}",
            kind=Kind.DEPLOYMENT,
            name=each.environment,
            detail=each.detail,
            state=each.state,
            at=each.at,
            url=each.url,
        )


def _dataset(dataset: Dataset, addresses: Mapping[str, str]) -> Node:
    parts = [dataset.details, dataset.context]
    return Node(
        id=dataset_id(dataset),
        kind=Kind.DATASET,
        name=dataset.name,
        detail=", ".join(part for part in parts if part),
        digest=dataset.best.digest,
        strength=dataset.best.strength,
        algorithm=dataset.best.algorithm,
        url=addresses.get(dataset.best.digest, ""),
    )


def _edges(facts: Facts) -> Iterator[Edge]:
    released: dict[int, str] = {}
    for version in facts.versions:
        if version.pk is not None:
            released[version.pk] = version.id
        end = version.run.id if version.run else version.id
        yield from _data_edges(version.datasets, version.stages, end)
        if version.run:
            yield Edge(source=version.run.id, target=version.id)
    for release in facts.releases:
        here = f"release:{release.pk}"
        yield from _data_edges(release.datasets, release.stages, here)
        for pk in sorted(release.items & released.keys()):
            yield Edge(source=released[pk], target=here)
    shown = {release.pk for release in facts.releases}
    for each in facts.deployments:
        if each.release in shown:
            yield Edge(source=f"release:{each.release}", target=f"deployment:{each.pk}")


def _data_edges(datasets: Sequence[Dataset], stages: Sequence[Stage], end: str) -> Iterator[Edge]:
    """Yield the edges between data sets, by the stages that read and made them, and to what they end in."""
    by_path = {each.path: dataset_id(each) for each in datasets if each.path}
    made = {each.path for each in datasets if each.path and each.role == MADE}
    for each in datasets:
        here = dataset_id(each)
        read_by = [stage for stage in stages if each.path and each.path in stage.reads]
        onward = {path for stage in read_by for path in stage.makes & made} - {each.path}
        yield from (Edge(source=here, target=by_path[path]) for path in sorted(onward))
        if not onward or any(not stage.makes <= made for stage in read_by):
            yield Edge(source=here, target=end)


def _levels(facts: Facts, edges: Sequence[Edge]) -> dict[str, int]:
    """Return the column of each node: data as far left as what is made of it wants, then one per kind."""
    lists = [each.datasets for each in facts.versions]
    lists += [each.datasets for each in facts.releases]
    data = {dataset_id(each): 0 for datasets in lists for each in datasets}
    inner = [edge for edge in edges if edge.source in data and edge.target in data]
    for _ in range(MOST_LEVELS_OF_DATA - 1):
        for edge in inner:
            deeper = min(data[edge.source] + 1, MOST_LEVELS_OF_DATA - 1)
            data[edge.target] = max(data[edge.target], deeper)
    runs = {version.run.id for version in facts.versions if version.run}
    level = max(data.values(), default=-1) + 1
    levels = data | dict.fromkeys(runs, level)
    level += bool(runs)
    levels |= {version.id: level for version in facts.versions}
    levels |= {f"release:{release.pk}": level + 1 for release in facts.releases}
    level += 1 + bool(facts.releases)
    return levels | {f"deployment:{each.pk}": level for each in facts.deployments}


def _live(facts: Facts, edges: Sequence[Edge]) -> set[str]:
    """Return what serves now, and everything that it was made from.

    Only of what the graph is about: what stands beside it in a release may have been replaced since.
    """
    beside = {version.id for version in facts.versions if not version.is_subject}
    sources: dict[str, list[str]] = {}
    for edge in edges:
        if edge.source not in beside:
            sources.setdefault(edge.target, []).append(edge.source)
    waiting = [f"deployment:{each.pk}" for each in facts.deployments if each.state == "serving"]
    live: set[str] = set()
    while waiting:
        node = waiting.pop()
        if node not in live:
            live.add(node)
            waiting.extend(sources.get(node, ()))
    return live


def _gaps(facts: Facts) -> Iterable[str]:
    """Yield what nobody says, since a graph that is silent looks complete."""
    reported = {pk for release in facts.releases if release.datasets for pk in release.items}
    for version in facts.versions:
        if not version.is_subject or version.kind != "model":
            continue
        if version.run is None:
            yield f"No MLflow run is known of {version.name}."
        if not version.datasets and version.pk not in reported:
            yield (
                f"Nobody says from which data {version.name} was made: neither its MLflow run, nor a "
                "dvc.lock, nor a report about data sets."
            )
