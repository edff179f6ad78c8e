"""Comparisons and checklists of a policy, asked about the items of a change request."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from catalog.models import ArtifactVersion
from releases.comparing.champion import Champion, Champions, champions_in
from releases.comparing.known import Known, known_of
from releases.gates.change import Sides, judge_change
from releases.gates.gate import Gate, GateOutcome, Item
from releases.gates.measures import Measures
from releases.gates.reproducible import judge_reproducibility
from releases.models import ChangeKind, ChangeRequest, Evidence, ReleaseItem
from releases.policy_document import Policy


@dataclass(frozen=True)
class Judged:
    """An answer and what it was read from."""

    outcome: GateOutcome
    evidence: Evidence | None
    runs_out_at: datetime | None
    inputs: tuple[str, ...]


@dataclass(frozen=True)
class Judges:
    """What is known of the release's items and of what serves now."""

    change_request: ChangeRequest
    champions: Champions
    known: Mapping[int, Known]

    def judge(self, gate: Gate, item: Item, version: ArtifactVersion) -> Judged:
        """Ask a gate that compares or checks the training about one item."""
        ours = self.known[version.pk]
        if gate.compare is None:
            asked = gate.reproducibility
            if asked is None:
                raise ValueError(f"Gate {gate.name} neither compares nor checks the training.")
            outcome = judge_reproducibility(gate, asked, item, ours.provenance)
            ends = [each.valid_until for each in ours.data if each.valid_until]
            return Judged(outcome, None, min(ends, default=None), tuple(ours.origins))
        champion = self.champions.get((self.change_request.environment_id, version.artifact_id))
        theirs = self.known[champion.version.pk] if champion else None
        sides = self._sides(ours, champion, theirs)
        reports = [*ours.reports, *(theirs.reports if theirs else ())]
        ends = [each.valid_until for each in reports if each.valid_until]
        return Judged(
            judge_change(gate, gate.compare, item, sides),
            ours.metrics or ours.fairness,
            min(ends, default=None),
            (*ours.inputs, *([theirs.version.digest, *theirs.inputs] if theirs else ())),
        )

    def _sides(self, ours: Known, champion: Champion | None, theirs: Known | None) -> Sides:
        return Sides(
            challenger=ours.measures,
            environment=self.change_request.environment.name,
            champion=item_of(champion.version) if champion else None,
            champion_measures=theirs.measures if theirs else Measures(),
            why_not_compared=self._why_not(ours, champion),
        )

    def _why_not(self, ours: Known, champion: Champion | None) -> str:
        """A rollback leaves the champion on purpose; the same version is neither better nor worse."""
        if champion is None:
            return ""
        name = self.change_request.environment.name
        if champion.version.digest == ours.version.digest:
            return f"It serves in {name} already, so there is nothing to compare."
        if self.change_request.kind == ChangeKind.ROLLBACK:
            return (
                f"A rollback is not compared with {item_of(champion.version)}, which it takes back."
            )
        return ""


def judges_of(
    change_request: ChangeRequest, policy: Policy, items: Sequence[ReleaseItem], at: datetime
) -> Judges | None:
    """Return them if the policy has such a gate; three queries for any number of gates and items."""
    if not any(gate.compare or gate.reproducibility for gate in policy.gates):
        return None
    versions = [item.artifact_version for item in items]
    champions = champions_in(
        [change_request.environment_id], {version.artifact_id for version in versions}
    )
    others = [champion.version for champion in champions.values()]
    return Judges(change_request, champions, known_of([*versions, *others], at=at))


def item_of(version: ArtifactVersion) -> Item:
    """Return the version as gates name it; it needs its artifact."""
    return Item(version.artifact.name, version.artifact.kind, version.version, version.digest)
