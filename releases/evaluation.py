"""What the policy says about a change request now: gates, rules, quorum, and what stands in the way.

Reading only. ``releases.settling`` draws the consequences.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from catalog.models import ArtifactVersion, Environment
from releases.eligibility import Approvers, approvers_of, authors_of
from releases.findings import GateFinding, findings_of
from releases.models import (
    Approval,
    ApprovalDecision,
    ChangeRequest,
    PolicyActivation,
    PolicyVersion,
)
from releases.policy_document import Policy
from releases.quorum import Quorum, could_ever_be_met, solve, who_could_help
from releases.statement import digest_of_statement, statement_of

LOOK_AGAIN = timedelta(minutes=5)
"""However quiet it is: an open request is evaluated at least this often, so that nothing goes unseen."""


@dataclass(frozen=True)
class Evaluation:
    """Everything that one evaluation found."""

    at: datetime
    policy_version: PolicyVersion | None
    policy: Policy | None
    gates: tuple[GateFinding, ...]
    approvers: Approvers | None
    document: Mapping[str, Any]
    digest: str
    approvals: tuple[Approval, ...]
    """Standing approvals of this very statement by people who may still sign."""
    obstacles: tuple[str, ...]
    """Sentences about what is wrong besides the gates."""
    look_again_at: datetime

    @property
    def blocking(self) -> list[str]:
        """Return one sentence per thing that stands in the way of asking people."""
        gates = [
            " ".join(filter(None, (finding.outcome.sentence, finding.outcome.satisfied_by)))
            for finding in self.gates
            if not finding.lets_through
        ]
        return [*self.obstacles, *gates]

    @cached_property
    def quorum(self) -> Quorum[int]:
        """Return how far the approvals go."""
        signed = {approval.person_id for approval in self.approvals}
        if self.policy is None or self.approvers is None:
            return Quorum(met=False, rules=(), assignment={})
        return solve(self.approvers.quorum_rules(self.policy.approvals), signed)

    @property
    def may_go(self) -> bool:
        """Whether nothing blocks and every rule is met."""
        return not self.blocking and self.quorum.met

    def could_help(self) -> list[int]:
        """Return the accounts whose signature would bring the quorum nearer."""
        if self.policy is None or self.approvers is None or self.blocking:
            return []
        signed = {approval.person_id for approval in self.approvals}
        return sorted(who_could_help(self.approvers.quorum_rules(self.policy.approvals), signed))


def evaluate(change_request: ChangeRequest, *, at: datetime) -> Evaluation:
    """Evaluate the change request against the policy now in force in its environment.

    The queries are constant in number: they do not grow with gates, items, people or evidence.
    """
    version = policy_in_force(change_request.environment_id)
    policy = Policy.from_document(version.document) if version else None
    items = list(
        change_request.release.items.select_related("artifact_version__artifact").order_by("id")
    )
    versions = [item.artifact_version for item in items]
    authors = authors_of(versions)
    gates = tuple(findings_of(change_request, policy, items, authors, at)) if policy else ()
    document = statement_of(change_request, version, [finding.as_input for finding in gates])
    digest = digest_of_statement(document)
    approvers = (
        approvers_of(change_request, policy.approvals, versions, authors) if policy else None
    )
    return Evaluation(
        at=at,
        policy_version=version,
        policy=policy,
        gates=gates,
        approvers=approvers,
        document=document,
        digest=digest,
        approvals=tuple(_standing(change_request, digest, policy, approvers, at)),
        obstacles=(
            *_obstacles(change_request, policy, approvers),
            *_of_target(change_request, versions),
        ),
        look_again_at=_look_again_at(gates, at),
    )


def policy_in_force(environment_id: int) -> PolicyVersion | None:
    """Return the policy version that is active in the environment, if any."""
    activation = (
        PolicyActivation.objects.filter(environment_id=environment_id, ended_at=None)
        .select_related("policy_version__policy")
        .first()
    )
    return activation.policy_version if activation else None


def _obstacles(
    change_request: ChangeRequest, policy: Policy | None, approvers: Approvers | None
) -> list[str]:
    if policy is None or approvers is None:
        name = change_request.environment.name
        return [f"No policy is in force in {name}. Activate a published policy there."]
    possible = could_ever_be_met(approvers.quorum_rules(policy.approvals))
    if possible:
        return []
    advice = "Give somebody else a role that the rule names: nobody signs their own change."
    return [f"{possible.sentence} {advice}"]


def _of_target(change_request: ChangeRequest, versions: Sequence[ArtifactVersion]) -> Sequence[str]:
    """Return what the environment's target is known not to take, before anybody signs for it."""
    obstacles_of: Callable[[Sequence[ArtifactVersion], Environment], Sequence[str]]
    obstacles_of = import_string(settings.TARGET_OBSTACLES)
    return obstacles_of(versions, change_request.environment)


def _standing(
    change_request: ChangeRequest,
    digest: str,
    policy: Policy | None,
    approvers: Approvers | None,
    at: datetime,
) -> list[Approval]:
    if policy is None or approvers is None:
        return []
    oldest = at - timedelta(hours=policy.approval_ttl_hours) if policy.approval_ttl_hours else None
    may_sign = frozenset[int]().union(*(approvers.eligible(rule.name) for rule in policy.approvals))
    return [
        approval
        for approval in change_request.approvals.filter(
            voided_at=None, decision=ApprovalDecision.APPROVED, statement__digest=digest
        )
        if approval.person_id in may_sign and (oldest is None or approval.given_at > oldest)
    ]


def _look_again_at(gates: Sequence[GateFinding], at: datetime) -> datetime:
    ends = [finding.runs_out_at for finding in gates if finding.runs_out_at]
    return min([at + LOOK_AGAIN, *(end for end in ends if end > at)])
