"""Ask every gate of a policy about every item of a release; reading only."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from releases.cards.standing import Cards, cards_of
from releases.comparing.judging import Judges, judges_of
from releases.eligibility import Authors
from releases.gates import Context, EvidenceSeen, GateOutcome, evaluate_gate
from releases.gates import Gate as PolicyGate
from releases.gates import Item as GateItem
from releases.gates.references import reads
from releases.models import ChangeRequest, Evidence, ReleaseItem
from releases.outcomes import EvidenceOutcome, GateVerdict
from releases.policy_document import Policy, UnknownAuthors
from releases.states import ChangeRequestState


@dataclass(frozen=True)
class GateFinding:
    """One gate's answer about one item (or about the release as a whole)."""

    gate: str
    item: ReleaseItem | None
    outcome: GateOutcome
    evidence: Evidence | None
    runs_out_at: datetime | None = None
    inputs: tuple[str, ...] = ()
    """Digests of what a comparison or a checklist read besides: the champion, the snapshots of MLflow."""

    @property
    def lets_through(self) -> bool:
        """Only pass, warn and waived do."""
        return self.outcome.outcome.lets_through

    @property
    def as_input(self) -> dict[str, Any]:
        """The gate as it stands in the statement: outcome and the bytes it was read from."""
        stated: dict[str, Any] = {
            "gate": self.gate,
            "item": str(self.item.artifact_version) if self.item else None,
            "outcome": str(self.outcome.outcome),
            "evidence": f"sha256:{self.evidence.sha256}" if self.evidence else None,
        }
        return {**stated, "inputs": list(self.inputs)} if self.inputs else stated


def findings_of(
    change_request: ChangeRequest,
    policy: Policy,
    items: Sequence[ReleaseItem],
    authors: Authors,
    at: datetime,
) -> list[GateFinding]:
    """Return one finding per gate and item, and those about the release as a whole."""
    context = Context(
        project=change_request.project.slug,
        release_version=change_request.release.version,
        environment=change_request.environment.name,
        tier=change_request.environment.tier,
    )
    kinds = {gate.evidence for gate in policy.gates if gate.evidence}
    seen = _Seen(
        newest_evidence(change_request, items, kinds),
        judges_of(change_request, policy, items, at),
        _cards(policy, items, at),
        context,
        at,
    )
    asked = [finding for gate in policy.gates for finding in _ask_all(gate, items, seen)]
    return [*asked, *_verified_before(change_request, policy, at), _known_authors(policy, authors)]


def gate_item(item: ReleaseItem) -> GateItem:
    """Return the item as gate expressions see it."""
    version = item.artifact_version
    return GateItem(version.artifact.name, version.artifact.kind, version.version, version.digest)


@dataclass(frozen=True)
class _Seen:
    """What there is to be judged by."""

    newest: Mapping[tuple[int | None, str], Evidence]
    judges: Judges | None
    cards: Cards
    context: Context
    at: datetime


def _ask_all(gate: PolicyGate, items: Iterable[ReleaseItem], seen: _Seen) -> list[GateFinding]:
    concerned = [item for item in items if gate.applies_to.includes(gate_item(item))]
    if concerned:
        return [_ask(gate, item, seen) for item in concerned]
    nothing = GateOutcome(GateVerdict.PASS, "This gate applies to no item of the release.")
    return [GateFinding(gate.name, None, nothing, None)]


def _ask(gate: PolicyGate, item: ReleaseItem, seen: _Seen) -> GateFinding:
    if seen.judges is not None and (gate.compare or gate.reproducibility):
        judged = seen.judges.judge(gate, gate_item(item), item.artifact_version)
        return GateFinding(
            gate.name, item, judged.outcome, judged.evidence, judged.runs_out_at, judged.inputs
        )
    evidence = None
    if gate.evidence:
        own = seen.newest.get((item.artifact_version_id, gate.evidence))
        evidence = own or seen.newest.get((None, gate.evidence))
    report = _seen(evidence) if evidence else None
    standing = seen.cards.get(item.artifact_version_id) if _reads_card(gate) else None
    card = standing.seen if standing else None
    outcome = evaluate_gate(gate, gate_item(item), report, seen.context, seen.at, card)
    ends = [_runs_out_at(gate, evidence), standing.next_review_at if standing else None]
    return GateFinding(
        gate.name,
        item,
        outcome,
        evidence,
        min((end for end in ends if end is not None), default=None),
        (standing.digest,) if standing else (),
    )


def _cards(policy: Policy, items: Sequence[ReleaseItem], at: datetime) -> Cards:
    """Return the items' model cards if some gate reads them; one query."""
    if not any(_reads_card(gate) for gate in policy.gates):
        return {}
    return cards_of([item.artifact_version_id for item in items], at)


def _reads_card(gate: PolicyGate) -> bool:
    return bool(gate.expression) and reads(gate.expression, "card")


def _runs_out_at(gate: PolicyGate, evidence: Evidence | None) -> datetime | None:
    if evidence is None:
        return None
    ends = [evidence.valid_until] if evidence.valid_until else []
    if gate.max_age_hours is not None:
        ends.append(evidence.added_at + timedelta(hours=gate.max_age_hours))
    return min(ends, default=None)


def _seen(evidence: Evidence) -> EvidenceSeen:
    return EvidenceSeen(
        kind=evidence.kind,
        outcome=EvidenceOutcome(evidence.outcome),
        facts=evidence.facts,
        added_at=evidence.added_at,
        valid_until=evidence.valid_until,
        summary=evidence.summary,
    )


def newest_evidence(
    change_request: ChangeRequest, items: Sequence[ReleaseItem], kinds: set[str]
) -> dict[tuple[int | None, str], Evidence]:
    """Return (artifact version or None for the release, kind) → the newest report; one query."""
    rows = (
        Evidence.objects.filter(
            Q(artifact_version__in=[item.artifact_version_id for item in items])
            | Q(release_id=change_request.release_id),
            kind__in=kinds,
        )
        .order_by("artifact_version_id", "kind", "-id")
        .distinct("artifact_version_id", "kind")
    )
    return {(row.artifact_version_id, row.kind): row for row in rows}


def _verified_before(
    change_request: ChangeRequest, policy: Policy, at: datetime
) -> list[GateFinding]:
    names = list(policy.requires.verified_in)
    if not names:
        return []
    deployed = dict(
        ChangeRequest.objects.filter(
            environment__name__in=names,
            project_id=change_request.project_id,
            release__content_digest=change_request.release.content_digest,
            state=ChangeRequestState.DEPLOYED,
        )
        .order_by("deployed_at")
        .values_list("environment__name", "deployed_at")
    )
    soak = timedelta(hours=policy.requires.soak_hours or 0)
    return [_verified_in(change_request, name, deployed.get(name), soak, at) for name in names]


def _verified_in(
    change_request: ChangeRequest, name: str, since: datetime | None, soak: timedelta, at: datetime
) -> GateFinding:
    version = change_request.release.version
    gate = f"verified in {name}"
    if since is None:
        outcome = GateOutcome(
            GateVerdict.INCONCLUSIVE,
            f"Release {version} has not been deployed to {name} and verified there.",
            f"Promote it to {name} first.",
        )
    elif since + soak > at:
        outcome = GateOutcome(
            GateVerdict.INCONCLUSIVE,
            f"Release {version} runs in {name} since {since:%Y-%m-%d %H:%M} UTC, "
            f"and the policy wants {soak.total_seconds() / 3600:g} hours there.",
            f"Wait until {since + soak:%Y-%m-%d %H:%M} UTC.",
        )
    else:
        outcome = GateOutcome(
            GateVerdict.PASS, f"Release {version} was verified in {name} on {since:%Y-%m-%d}."
        )
    return GateFinding(gate, None, outcome, None, since + soak if since else None)


def _known_authors(policy: Policy, authors: Authors) -> GateFinding:
    gate = "known authors"
    if not authors.unknown:
        outcome = GateOutcome(GateVerdict.PASS, "Every commit author has an account here.")
        return GateFinding(gate, None, outcome, None)
    told = "; ".join(authors.unknown[:5])
    if policy.unknown_authors is UnknownAuthors.ALLOW:
        outcome = GateOutcome(
            GateVerdict.WARN, f"Not every author is known: {told}. The policy allows it."
        )
    else:
        outcome = GateOutcome(
            GateVerdict.FAIL,
            f"Nobody can be kept from signing their own work while an author is unknown: {told}.",
            "Register the version with its commit authors, and add their addresses to their accounts.",
        )
    return GateFinding(gate, None, outcome, None)
