"""The data a version was made from, as the MLflow run, a dvc.lock and reports about data sets name it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson

from models_registry.models import ModelVersion
from releases.models import Evidence
from releases.parsers.pins import ALGORITHMS, NONE, STRENGTHS, WEAK, algorithm_of

MLFLOW: Final = "MLflow run"
SAID_BY: Final[Mapping[str, str]] = {"datasets": "report about data sets", "dvc": "dvc.lock"}
SOURCE: Final = "source"
MADE: Final = "made"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """What somebody says names the state of a data set.

    Attributes:
        algorithm: a key of ``ALGORITHMS``; empty for no digest.
        strength: whether the digest identifies the content: strong, weak or none.
        said_by: the MLflow run, the dvc.lock or the report, in words.
    """

    digest: str
    algorithm: str
    strength: str
    said_by: str

    @property
    def proves(self) -> str:
        """What the same digest means, in a few words."""
        return ALGORITHMS[self.algorithm].proves

    @property
    def rank(self) -> tuple[int, bool]:
        """How much it is worth."""
        return STRENGTHS.index(self.strength), ALGORITHMS[self.algorithm].is_cryptographic


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """One data set, named by at least one of the sources.

    Attributes:
        context: what it was for, such as training; empty if nobody says.
        role: whether it came from outside, or a stage of the pipeline made it.
        pins: what names its state, the best first.
        path: what the dvc.lock calls it; empty if it does not.
        details: what else was said, in words, such as the operation that made a table's version.
    """

    name: str
    pins: tuple[Pin, ...]
    context: str = ""
    source: str = ""
    role: str = SOURCE
    path: str = ""
    details: str = ""

    @property
    def best(self) -> Pin:
        """What names its state best."""
        return self.pins[0]

    @property
    def key(self) -> tuple[str, str]:
        """What makes it the same data set in another version."""
        return self.name, self.context


def datasets_of(record: ModelVersion | None, reports: Sequence[Evidence]) -> list[Dataset]:
    """Return the data sets, those of the MLflow run first; what two sources name is one data set."""
    found = _Found()
    for each in _of_run(record) if record else ():
        found.add(each)
    for report in reports:
        for each in _of_report(report):
            found.add(each)
    return found.datasets


class _Found:
    """Data sets as they are found, by name and by the last part of their address: there may be thousands."""

    def __init__(self) -> None:
        self.datasets: list[Dataset] = []
        self._near: dict[str, list[int]] = defaultdict(list)

    def add(self, new: Dataset) -> None:
        """Add it, or its digest to the data set that it is."""
        near = self._near[new.name] + self._near[_last_of(new.name)]
        same = {index for index in near if _is_named_otherwise(self.datasets[index], new)}
        if len(same) == 1:
            index = same.pop()
            self.datasets[index] = _joined(self.datasets[index], new)
            return
        for key in {new.name, _last_of(new.source)} - {""}:
            self._near[key].append(len(self.datasets))
        self.datasets.append(new)


def _of_run(record: ModelVersion) -> Iterator[Dataset]:
    # MLflow calls every data set without a name "dataset": the same name is not the same data.
    rows: Mapping[tuple[str, str, str], Mapping[str, Any]] = {
        (each["name"], each.get("context", ""), each.get("digest", "")): each
        for each in record.datasets
    }
    for (name, context, digest), row in rows.items():
        pins = [_pin_of_run(digest, row.get("strength", NONE))]
        if row.get("said"):
            pins.append(_pin_of_run(row["said"], WEAK))
        yield Dataset(
            name=name, context=context, source=_address(row.get("source", "")), pins=tuple(pins)
        )


def _pin_of_run(digest: str, strength: str) -> Pin:
    algorithm = algorithm_of(digest, strength=strength)
    return Pin(digest=digest, algorithm=algorithm, strength=strength, said_by=MLFLOW)


def _of_report(report: Evidence) -> Iterator[Dataset]:
    for each in report.facts["datasets"]:
        pin = Pin(
            digest=each["digest"],
            algorithm=each["algorithm"],
            strength=each["strength"],
            said_by=SAID_BY[report.kind],
        )
        yield Dataset(
            name=each["name"],
            context=each.get("context", ""),
            source=each.get("source", ""),
            role=each["role"],
            path=each["name"] if report.kind == "dvc" else "",
            pins=(pin,),
            details=_details(each),
        )


def _details(said: Mapping[str, Any]) -> str:
    delta = said.get("delta")
    if delta:
        parts = [f"version {delta['version']}", delta["operation"], delta["timestamp"][:10]]
        return ", ".join(part for part in parts if part)
    made_by = said.get("made_by")
    return f"made by {', '.join(made_by)}" if made_by else ""


def _joined(old: Dataset, new: Dataset) -> Dataset:
    pins = sorted((*old.pins, *new.pins), key=lambda pin: pin.rank, reverse=True)
    return replace(
        old,
        pins=tuple(pins),
        role=new.role if old.role == SOURCE else old.role,
        path=old.path or new.path,
        details=old.details or new.details,
        source=old.source or new.source,
    )


def _is_named_otherwise(old: Dataset, new: Dataset) -> bool:
    """Return whether another source names the same data set; what one source tells apart stays apart."""
    said_by = {pin.said_by for pin in old.pins}
    return _is_same(old, new) and not any(pin.said_by in said_by for pin in new.pins)


def _is_same(old: Dataset, new: Dataset) -> bool:
    """By name and use; or by the path in DVC with which the address in MLflow ends."""
    if old.name == new.name:
        return not (old.context and new.context) or old.context == new.context
    return old.source == new.name or old.source.endswith(f"/{new.name}")


def _last_of(address: str) -> str:
    return address.rpartition("/")[2]


def _address(source: str) -> str:
    """Return the address in what MLflow keeps of a source: JSON with a uri or a path, or plain text."""
    if not source.startswith("{"):
        return source
    try:
        document = orjson.loads(source)
    except orjson.JSONDecodeError:
        return source
    found = [document.get(name) for name in ("uri", "url", "path", "delta_table_name")]
    return next((each for each in found if isinstance(each, str) and each), source)
