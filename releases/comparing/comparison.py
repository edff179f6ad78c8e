"""What is different between the version under review and the one that serves now."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from releases.comparing.champion import Champion
from releases.comparing.data import DataLine, lines_of
from releases.comparing.known import Known
from releases.gates.measures import Key, Measure, pair_of
from releases.policy_document import Policy

#: Where no policy says what is better; the last word of the name decides: val_auc, latency.p95_ms.
_GREATER: Final = frozenset(
    {
        "accuracy", "auc", "roc_auc", "pr_auc", "f1", "precision", "recall", "r2", "gini", "ks", "tpr",
        "tnr", "specificity", "sensitivity", "average_precision", "balanced_accuracy", "ndcg", "map",
        "accuracy_score", "f1_score", "precision_score", "recall_score", "r2_score",
    }
)  # fmt: skip
_SMALLER: Final = frozenset(
    {
        "brier", "brier_score", "log_loss", "loss", "rmse", "mse", "mae", "mape", "error", "ece", "fpr",
        "fnr", "error_rate", "calibration_error", "latency_ms", "mean_absolute_error",
        "mean_squared_error", "root_mean_squared_error",
    }
)  # fmt: skip
_PREFIXES: Final = ("val_", "test_", "eval_", "validation_", "holdout_", "train_", "training_")


class Change(StrEnum):
    """How the challenger's value is against the champion's."""

    BETTER = "better"
    WORSE = "worse"
    SAME = "same"
    DIFFERENT = "different"
    ONLY_CHALLENGER = "only_challenger"
    ONLY_CHAMPION = "only_champion"


@dataclass(frozen=True, kw_only=True)
class MetricLine:
    """One metric, for the whole or for a slice, on both sides."""

    metric: str
    slice: str
    challenger: Measure | None
    champion: Measure | None
    greater_is_better: bool | None

    @property
    def difference(self) -> Decimal | None:
        """Challenger minus champion."""
        if self.challenger is None or self.champion is None:
            return None
        ours, theirs = self.challenger.value, self.champion.value
        return None if ours is None or theirs is None else ours - theirs

    @property
    def relative(self) -> Decimal | None:
        """The difference as a share of the champion's magnitude."""
        base = self.champion.value if self.champion else None
        return None if self.difference is None or not base else self.difference / abs(base)

    @property
    def gain(self) -> Decimal | None:
        """The relative difference, positive where it is better; None where nobody says what is better."""
        if self.relative is None or self.greater_is_better is None:
            return None
        return self.relative if self.greater_is_better else -self.relative

    @property
    def change(self) -> Change:
        """What it means."""
        if self.challenger is None:
            return Change.ONLY_CHAMPION
        if self.champion is None:
            return Change.ONLY_CHALLENGER
        if self.difference is None:
            return Change.DIFFERENT
        if not self.difference:
            return Change.SAME
        if self.greater_is_better is None:
            return Change.DIFFERENT
        return Change.BETTER if (self.difference > 0) == self.greater_is_better else Change.WORSE

    @property
    def on_other_data(self) -> bool:
        """Whether both sides say what they were measured on, and it is not the same."""
        ours = self.challenger.dataset if self.challenger else ""
        theirs = self.champion.dataset if self.champion else ""
        return bool(ours and theirs and ours != theirs)


@dataclass(frozen=True, kw_only=True)
class ValueLine:
    """A parameter, or a fact about the training, on both sides; empty where a side has none."""

    name: str
    change: str
    old: str
    new: str


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Everything that is different; ``champion`` is None where nothing serves."""

    challenger: Known
    champion: Known | None
    serving: Champion | None
    metrics: Sequence[MetricLine]
    slices: Sequence[MetricLine]
    parameters: Sequence[ValueLine]
    data: Sequence[DataLine]
    code: Sequence[ValueLine]

    @property
    def is_same(self) -> bool:
        """Whether the version under review is what serves."""
        theirs = self.champion
        return theirs is not None and theirs.version.digest == self.challenger.version.digest


def compare(
    challenger: Known, champion: Known | None, serving: Champion | None, policy: Policy | None
) -> Comparison:
    """Return what is different."""
    lines = list(_metrics(challenger, champion, directions_of(policy)))
    return Comparison(
        challenger=challenger,
        champion=champion,
        serving=serving,
        metrics=[line for line in lines if not line.slice],
        slices=[line for line in lines if line.slice],
        parameters=_parameters(challenger, champion),
        data=lines_of(challenger.datasets, champion.datasets if champion else None),
        code=_code(challenger, champion),
    )


def directions_of(policy: Policy | None) -> dict[str, bool]:
    """Return what the policy's comparisons say about which direction is better."""
    gates = policy.gates if policy else ()
    return {
        each.metric: each.greater_is_better
        for gate in gates
        if gate.compare
        for each in gate.compare.metrics
    }


def direction_of(metric: str, said: Mapping[str, bool]) -> bool | None:
    """Return whether greater is better: the policy's word, else what is known of such names, else None."""
    if metric in said:
        return said[metric]
    name = metric.rpartition(".")[2].lower()
    for prefix in _PREFIXES:
        name = name.removeprefix(prefix)
    if name in _GREATER:
        return True
    return False if name in _SMALLER else None


def _metrics(
    challenger: Known, champion: Known | None, said: Mapping[str, bool]
) -> Iterator[MetricLine]:
    theirs = champion.measures if champion else type(challenger.measures)()
    keys: Iterable[Key] = dict.fromkeys([*challenger.measures, *theirs])
    for key in sorted(keys):
        ours, other = pair_of(challenger.measures, theirs, key)
        yield MetricLine(
            metric=key[0],
            slice=key[1],
            challenger=ours,
            champion=other,
            greater_is_better=direction_of(key[0], said),
        )


def _parameters(challenger: Known, champion: Known | None) -> list[ValueLine]:
    new: Mapping[str, str] = challenger.record.parameters if challenger.record else {}
    old: Mapping[str, str] = champion.record.parameters if champion and champion.record else {}
    return [_value(name, old.get(name), new.get(name)) for name in sorted({**old, **new})]


def _code(challenger: Known, champion: Known | None) -> list[ValueLine]:
    new = challenger.version
    old = champion.version if champion else None
    lines = [_value("Commit", old.commit if old else None, new.commit)]
    ours = challenger.record
    theirs = champion.record if champion else None
    if ours or theirs:
        lines.append(_value("Branch", _branch(theirs), _branch(ours)))
        lines.append(_value("Flavours", _flavours(theirs), _flavours(ours)))
    return [line for line in lines if line.old or line.new]


def _branch(record: Any) -> str:
    return record.git_branch if record else ""


def _flavours(record: Any) -> str:
    """Return ``sklearn 1.9.1``: the flavours with the version that each names."""
    if record is None:
        return ""
    said = []
    for name, facts in sorted(record.flavours.items()):
        version = facts.get(f"{name}_version", "") if isinstance(facts, Mapping) else ""
        said.append(f"{name} {version}".strip())
    return ", ".join(said)


def _value(name: str, old: str | None, new: str | None) -> ValueLine:
    return ValueLine(
        name=name, change=_change(old or None, new or None), old=old or "", new=new or ""
    )


def _change(old: str | None, new: str | None) -> str:
    if old is None:
        return "added"
    if new is None:
        return "removed"
    return "unchanged" if old == new else "changed"
