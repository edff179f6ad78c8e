"""Gates and approval rules as the page shows them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.urls import reverse

from portal.change_requests.story import Story
from releases.models import Approval, ApprovalDecision, Evidence, GateResult, Release
from releases.outcomes import GateVerdict
from releases.reports import name_of

_ORDER: Final = {
    GateVerdict.FAIL: 0,
    GateVerdict.ERROR: 1,
    GateVerdict.INCONCLUSIVE: 2,
    GateVerdict.WARN: 3,
    GateVerdict.WAIVED: 4,
    GateVerdict.PASS: 5,
}


@dataclass(frozen=True, kw_only=True)
class GateRow:
    """One row of ``components/gate_row.html``."""

    name: str
    outcome: str
    detail: str
    remedy: str = ""
    expression: str = ""
    evidence_url: str = ""
    evidence_label: str = ""


@dataclass(frozen=True, kw_only=True)
class Signature:
    """One line of ``components/signature.html``."""

    name: str
    decision: str
    when: datetime
    comment: str = ""
    voided_because: str = ""


@dataclass(frozen=True, kw_only=True)
class Excluded:
    """Somebody who holds the role and may not sign, and why."""

    name: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class RuleRow:
    """One row of ``components/rule_row.html``."""

    name: str
    required: int
    given: int
    missing: int
    sentence: str = ""
    eligible: list[str] = field(default_factory=list)
    signatures: list[Signature] = field(default_factory=list)
    excluded: list[Excluded] = field(default_factory=list)


def gates_of(story: Story) -> list[GateRow]:
    """Return the gates, those that hold things up first."""
    asked = {gate.name: gate for gate in story.policy.gates} if story.policy else {}
    results = sorted(
        story.gates, key=lambda result: (_ORDER[GateVerdict(result.outcome)], result.position)
    )
    rows = []
    for result in results:
        gate = asked.get(result.name)
        title = (gate.title if gate else "") or result.name[:1].upper() + result.name[1:]
        expression = gate.expression if gate else ""
        rows.append(_gate(result, title, expression, story.change_request.release))
    return rows


def gates_in_words(story: Story) -> str:
    """Return how many let it through."""
    good = sum(GateVerdict(result.outcome).lets_through for result in story.gates)
    return f"{good} of {len(story.gates)} let it through"


def rules_of(story: Story) -> list[RuleRow]:
    """Return the rules with who signed, who may, and who may not and why."""
    standing = {
        each.person.username: each
        for each in story.approvals
        if each.voided_at is None and each.decision == ApprovalDecision.APPROVED
    }
    return [_rule(rule, standing) for rule in story.rules]


def other_signatures(story: Story) -> list[Signature]:
    """Return the decisions that stand under no rule: rejections, voided and surplus signatures."""
    counted = {each["username"] for rule in story.rules for each in rule["signed_by"]}
    return [
        signature_of(each)
        for each in story.approvals
        if each.voided_at
        or each.decision == ApprovalDecision.REJECTED
        or each.person.username not in counted
    ]


def signatures_in_words(story: Story) -> str:
    """Return how many signatures there are of those that are needed."""
    given = sum(rule["given"] for rule in story.rules)
    required = sum(rule["required"] for rule in story.rules)
    return f"{given} of {required} {'signature' if required == 1 else 'signatures'}"


def signature_of(approval: Approval) -> Signature:
    """Return one decision as the page shows it."""
    return Signature(
        name=approval.person_name,
        decision=approval.decision,
        when=approval.given_at,
        comment=approval.comment,
        voided_because=_voided(approval),
    )


def _voided(approval: Approval) -> str:
    if not approval.voided_at:
        return ""
    why = approval.void_reason or "it no longer counts"
    return f"{why[:1].upper()}{why[1:]}."


def _gate(result: GateResult, title: str, expression: str, release: Release) -> GateRow:
    about = f" · {result.item}" if result.item else ""
    evidence = result.evidence
    return GateRow(
        name=f"{title}{about}",
        outcome=result.outcome,
        detail=result.detail,
        remedy=result.satisfied_by,
        expression=expression,
        evidence_url=_address(evidence, release) if evidence else "",
        evidence_label=name_of(evidence.kind) if evidence else "",
    )


def _address(evidence: Evidence, release: Release) -> str:
    if evidence.artifact_version_id:
        page = reverse("releases:artifact-version", args=[evidence.artifact_version_id])
    else:
        page = reverse("releases:release", args=[release.project.slug, release.version])
    return f"{page}#evidence-{evidence.pk}"


def _rule(rule: Mapping[str, Any], standing: Mapping[str, Approval]) -> RuleRow:
    names = [each["username"] for each in rule["signed_by"]]
    signed = [standing[name] for name in names if name in standing]
    return RuleRow(
        name=rule["title"],
        required=rule["required"],
        given=rule["given"],
        missing=rule["missing"],
        eligible=[each["name"] for each in rule["eligible"]],
        signatures=[signature_of(each) for each in signed],
        excluded=[
            Excluded(name=each["name"], reason=f"{each['why'][:1].upper()}{each['why'][1:]}.")
            for each in rule["excluded"]
        ],
    )
