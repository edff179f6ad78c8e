"""What a gate can ask besides a rule in CEL: a comparison, a checklist, fairness between groups.

The names of a threshold are MLflow's (`MetricThreshold`), and so is what they mean. Numbers are decimal:
a policy writes them as text, and what counts as 0.80 is not a matter of binary fractions.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final


class NoChampion(StrEnum):
    """What a comparison says where nothing serves yet."""

    BLOCK = "block"
    PASS = "pass"  # noqa: S105 -- a verdict


@dataclass(frozen=True, slots=True)
class MetricThreshold:
    """What one metric must reach, for the whole or for slices.

    Attributes:
        metric: its name, in the metrics report, the MLflow run or the fairness report.
        greater_is_better: the direction; nothing is guessed in a gate.
        slice: empty for the whole; ``attribute=value``, with ``*`` and ``?`` as in a shell.
        threshold: at least (or at most) this.
        min_absolute_change: better than the champion by so much; negative: worse by at most so much.
        min_relative_change: the same as a share of the champion's value.
    """

    metric: str
    greater_is_better: bool
    slice: str = ""
    threshold: Decimal | None = None
    min_absolute_change: Decimal | None = None
    min_relative_change: Decimal | None = None

    @property
    def needs_champion(self) -> bool:
        """Whether it compares with what serves now."""
        return self.min_absolute_change is not None or self.min_relative_change is not None


@dataclass(frozen=True, slots=True)
class Compare:
    """The version under review against the one that serves in the environment."""

    metrics: tuple[MetricThreshold, ...]
    no_champion: NoChampion = NoChampion.BLOCK


class CheckName(StrEnum):
    """What makes a training reproducible, one thing each."""

    COMMIT = "commit"
    CLEAN_TREE = "clean_tree"
    PARAMETERS = "parameters"
    DATASET = "dataset"
    ENVIRONMENT = "environment"
    IMAGE = "image"


class Strength(StrEnum):
    """What the digest of a data set is worth."""

    WEAK = "weak"
    STRONG = "strong"


EVERY_CHECK: Final = tuple(CheckName)


@dataclass(frozen=True, slots=True)
class Reproducibility:
    """Which points of the checklist must hold, and how strong the digests of the data must be."""

    checks: tuple[CheckName, ...] = EVERY_CHECK
    dataset_strength: Strength = Strength.STRONG


class SmallSlices(StrEnum):
    """What to do with slices that have fewer than `min_n` cases."""

    BLOCK = "block"
    LEAVE_OUT = "leave_out"


FOUR_FIFTHS: Final = Decimal("0.8")
"""29 CFR 1607.4 D: a selection rate below four fifths of the highest is taken as adverse impact."""


@dataclass(frozen=True, slots=True)
class Fairness:
    """How far the groups of an attribute may be apart. No attributes named: every one in the report."""

    metric: str = "selection_rate"
    min_ratio: Decimal | None = FOUR_FIFTHS
    max_difference: Decimal | None = None
    min_n: int = 1
    attributes: tuple[str, ...] = ()
    small_slices: SmallSlices = SmallSlices.BLOCK
