"""Everything that one page of a change request reads, in a constant number of queries."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from audit.models import Event
from audit.sentences import with_sentences
from catalog.held import Held, held_in
from catalog.models import Environment, User
from deployments.models import Deployment, DeploymentState, DeploymentStep
from deployments.running import Now, runs_in
from releases.models import Approval, ChangeRequest, Evidence, GateResult, ReleaseItem
from releases.policy_document import Policy
from releases.states import OPEN, ChangeRequestState

MOST_EVENTS: Final = 200
"""Events on the page; the audit page has the others."""

UNDER_WAY: Final = frozenset({*OPEN, ChangeRequestState.DEPLOYING, ChangeRequestState.VERIFYING})
"""States in which something may still happen by itself."""

BEGUN: Final = frozenset({ChangeRequestState.DEPLOYING, ChangeRequestState.VERIFYING})


@dataclass
class Story:
    """A change request and what belongs to it; each part is read once, when it is asked for."""

    change_request: ChangeRequest
    reader: User

    @classmethod
    def of(cls, number: int, reader: User) -> "Story | None":
        """Return the story of a change request that the reader may see."""
        found = (
            ChangeRequest.objects.visible_to(reader)
            .select_related(
                "project", "environment", "release__sealed_by", "requested_by", "statement",
                "policy_version__policy",
            )
            .filter(number=number)
            .first()
        )  # fmt: skip
        if found is None:
            return None
        found.environment.project = found.release.project = found.project
        return cls(found, reader)

    @property
    def is_under_way(self) -> bool:
        """Whether the page has something to wait for."""
        return self.change_request.state in UNDER_WAY

    @cached_property
    def items(self) -> list[ReleaseItem]:
        """What is in the release, by the artifacts' names."""
        items = self.change_request.release.items.select_related("artifact_version__artifact")
        return list(items.order_by("artifact_version__artifact__name"))

    @cached_property
    def gates(self) -> list[GateResult]:
        """The gates' present outcomes."""
        return list(
            self.change_request.gate_results.select_related(
                "item__artifact_version__artifact", "evidence"
            )
        )

    @cached_property
    def approvals(self) -> list[Approval]:
        """Every signature, also those that no longer count; oldest first."""
        return list(self.change_request.approvals.select_related("person"))

    @cached_property
    def events(self) -> list[Event]:
        """What happened, oldest first, with sentences."""
        newest = Event.objects.filter(stream=self.change_request.audit_stream)
        return with_sentences(reversed(newest.order_by("-stream_seq")[:MOST_EVENTS]))

    @property
    def last_event(self) -> int:
        """The newest event's id; 0 when nothing was recorded. Costs little when nothing else is asked."""
        if "events" in self.__dict__:
            return self.events[-1].pk if self.events else 0
        newest = Event.objects.filter(stream=self.change_request.audit_stream)
        return newest.order_by("-stream_seq").values_list("pk", flat=True).first() or 0

    @cached_property
    def deployment(self) -> Deployment | None:
        """The last attempt to carry it out."""
        return self.change_request.deployments.order_by("-id").first()

    @cached_property
    def steps(self) -> list[DeploymentStep]:
        """The steps of that attempt."""
        return list(self.deployment.steps.all()) if self.deployment else []

    @cached_property
    def now(self) -> Now:
        """What runs there; for a request that has been carried out, what ran before it."""
        done = self.deployment
        before = done.pk if done and done.state == DeploymentState.SUCCEEDED else None
        return runs_in(self.change_request.environment_id, before=before)

    @cached_property
    def replaced_by(self) -> int | None:
        """The change request that was carried out here after this one, if one was."""
        if self.deployment is None or self.deployment.state != DeploymentState.SUCCEEDED:
            return None
        later = Deployment.objects.filter(
            environment_id=self.change_request.environment_id,
            state=DeploymentState.SUCCEEDED,
            pk__gt=self.deployment.pk,
        )
        return later.order_by("-id").values_list("change_request_id", flat=True).first()

    @cached_property
    def held(self) -> Held:
        """What the reader may do in the project."""
        return held_in(self.change_request.project, self.reader)

    @cached_property
    def path(self) -> list[Environment]:
        """The project's environments in the order of promotion."""
        return list(self.change_request.project.environments.order_by("position"))

    @cached_property
    def policy(self) -> Policy | None:
        """The policy that the change request was last evaluated against."""
        version = self.change_request.policy_version
        return Policy.from_document(version.document) if version else None

    @cached_property
    def metrics(self) -> dict[int, Evidence]:
        """The newest metrics of every version that is in the release or runs now, by version."""
        running = self.now.by_artifact
        ids = {item.artifact_version_id for item in self.items}
        ids |= {
            running[item.artifact_version.artifact.name].version_id
            for item in self.items
            if item.artifact_version.artifact.name in running
        }
        rows = Evidence.objects.filter(artifact_version__in=ids, kind="metrics")
        newest = rows.order_by("artifact_version_id", "-id").distinct("artifact_version_id")
        return {row.artifact_version_id: row for row in newest if row.artifact_version_id}

    @cached_property
    def rules(self) -> list[dict[str, Any]]:
        """The approval rules as they stood at the last evaluation."""
        rules: list[dict[str, Any]] = self.change_request.rules
        return rules

    @cached_property
    def own_signature(self) -> Approval | None:
        """The reader's decision that counts, if there is one."""
        return next(
            (
                each
                for each in reversed(self.approvals)
                if each.person_id == self.reader.pk and each.voided_at is None
            ),
            None,
        )
