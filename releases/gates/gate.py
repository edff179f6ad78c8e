"""The words of a gate: what it asks, about what, and what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase

from releases.canonical import Json
from releases.gates.asks import Compare, Fairness, Reproducibility
from releases.outcomes import EvidenceOutcome, GateVerdict


class OnFail(StrEnum):
    """What a definite no means. It never softens `error` or `inconclusive`."""

    BLOCK = "block"
    WARN = "warn"


class OnInconclusive(StrEnum):
    """What to do with a report that says nothing by itself: block, or read the values it has all the same."""

    BLOCK = "block"
    READ = "read"


@dataclass(frozen=True, slots=True)
class Item:
    """One artifact version of the release, as `item` in expressions."""

    artifact: str
    kind: str
    version: str
    digest: str
    labels: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.artifact} {self.version}"


@dataclass(frozen=True, slots=True)
class Context:
    """Where the item comes from and where it is to go: `release` and `environment`."""

    project: str
    release_version: str
    environment: str
    tier: str


@dataclass(frozen=True, slots=True)
class EvidenceSeen:
    """The newest evidence of a kind for an item; `facts` is `evidence` in expressions."""

    kind: str
    outcome: EvidenceOutcome
    facts: Mapping[str, Json]
    added_at: datetime
    valid_until: datetime | None = None
    summary: str = ""


@dataclass(frozen=True, slots=True)
class CardSeen:
    """The model card of an item; `facts` is `card` in expressions, `sentence` what is wrong with it."""

    facts: Mapping[str, Json]
    sentence: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class AppliesTo:
    """Which items a gate is about; empty means every one. `artifacts` are shell-style globs."""

    kinds: tuple[str, ...] = ()
    artifacts: tuple[str, ...] = ()

    def includes(self, item: Item) -> bool:
        return (not self.kinds or item.kind in self.kinds) and (
            not self.artifacts or any(fnmatchcase(item.artifact, glob) for glob in self.artifacts)
        )


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate of a policy: it has an `expression`, or `compare`, `reproducibility` or `fairness`.

    `evidence` is the kind it needs; without one it reads no report.
    """

    name: str
    expression: str = ""
    title: str = ""
    applies_to: AppliesTo = AppliesTo()
    evidence: str | None = None
    on_fail: OnFail = OnFail.BLOCK
    satisfied_by: str | None = None
    max_age_hours: int | None = None
    on_inconclusive: OnInconclusive = OnInconclusive.BLOCK
    compare: Compare | None = None
    reproducibility: Reproducibility | None = None
    fairness: Fairness | None = None

    @property
    def refusal(self) -> GateVerdict:
        """What a definite no means here."""
        return GateVerdict.WARN if self.on_fail is OnFail.WARN else GateVerdict.FAIL


@dataclass(frozen=True, slots=True)
class GateOutcome:
    """`sentence` says what was seen; `satisfied_by` what would satisfy it (empty on a pass)."""

    outcome: GateVerdict
    sentence: str
    satisfied_by: str = ""
