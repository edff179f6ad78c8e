"""Measured values of a model version, from everything that measured it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias

Key: TypeAlias = tuple[str, str]
"""Metric and slice; the slice is empty for the whole."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One value of one metric.

    Attributes:
        slice: empty for the whole, else ``attribute=value``.
        value: None where the tool says that there is no number; then ``said`` is what it said.
        source: which report or system it comes from, in words.
        n: how many cases it was measured on, if known.
        dataset: the data it was measured on, by digest or else by name, if known.
    """

    metric: str
    slice: str
    value: Decimal | None
    source: str
    said: str = ""
    n: int | None = None
    dataset: str = ""

    @property
    def key(self) -> Key:
        return self.metric, self.slice

    @property
    def name(self) -> str:
        return f"{self.metric} for {self.slice}" if self.slice else self.metric


def number_of(value: float) -> Decimal:
    """Return the decimal that people read in it: 0.1 is 0.1."""
    return Decimal(repr(value))


@dataclass(frozen=True)
class Measures:
    """The measures of one version; for one key the sources in the order in which they are believed."""

    by_key: Mapping[Key, Sequence[Measure]] = field(default_factory=dict)

    @classmethod
    def of(cls, found: Iterable[Measure]) -> "Measures":
        by_key: dict[Key, list[Measure]] = {}
        for each in found:
            by_key.setdefault(each.key, []).append(each)
        return cls(by_key)

    def __iter__(self) -> Iterator[Key]:
        return iter(self.by_key)

    def get(self, key: Key) -> Sequence[Measure]:
        return self.by_key.get(key, ())


def pair_of(ours: Measures, theirs: Measures, key: Key) -> tuple[Measure | None, Measure | None]:
    """Return the two measures to compare: of the first source that measured both, else the first of each."""
    others = {each.source: each for each in reversed(theirs.get(key))}
    for each in ours.get(key):
        if each.source in others:
            return each, others[each.source]
    return next(iter(ours.get(key)), None), next(iter(theirs.get(key)), None)
