"""Everything that one page of a change request reads, in a constant number of queries."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from audit.models import Event
from audit.sentences import with_sentences
from catalog.held import Held
from catalog.models import Environment, User
from deployments.models import Deployment, DeploymentState, DeploymentStep
from deployments.running import Doubt, Now, runs_in
from portal.change_requests.reading import Parts, read
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
    """A change request and what belongs to it; what is not in its parts is read when it is asked for."""

    parts: Parts
    reader: User

    @classmethod
    def of(cls, number: int, reader: User) -> "Story | None":
        """Return the story of a change request that the reader may see."""
        parts = read(number, reader)
        return cls(parts, reader) if parts else None

    @property
    def change_request(self) -> ChangeRequest:
        """Whose story it is."""
        return self.parts.change_request

    @property
    def is_under_way(self) -> bool:
        """Whether the page has something to wait for."""
        return self.change_request.state in UNDER_WAY

    @property
    def items(self) -> list[ReleaseItem]:
        """What is in the release, by the artifacts' names."""
        return self.parts.items

    @property
    def gates(self) -> list[GateResult]:
        """The gates' present outcomes."""
        return self.parts.gates

    @property
    def approvals(self) -> list[Approval]:
        """Every signature, also those that no longer count; oldest first."""
        return self.parts.approvals

    @cached_property
    def events(self) -> list[Event]:
        """What happened, oldest first, with sentences."""
        newest = Event.objects.filter(stream=self.change_request.audit_stream)
        return with_sentences(reversed(newest.order_by("-stream_seq")[:MOST_EVENTS]))

    @property
    def last_event(self) -> int:
        """The newest event's id; 0 when nothing was recorded."""
        if "events" in self.__dict__:
            return self.events[-1].pk if self.events else 0
        return self.parts.last_event

    @property
    def deployment(self) -> Deployment | None:
        """The last attempt to carry it out."""
        return self.parts.deployment

    @property
    def steps(self) -> list[DeploymentStep]:
        """The steps of that attempt."""
        return self.parts.steps

    @cached_property
    def now(self) -> Now:
        """What runs there; for a request that has been carried out, what ran before it."""
        done = self.deployment
        before = done.pk if done and done.state == DeploymentState.SUCCEEDED else None
        return runs_in(self.change_request.environment_id, before=before)

    @property
    def doubts(self) -> list[Doubt]:
        """Why nobody knows what runs there now; of its own end a request tells elsewhere."""
        if self.change_request.deployed_at:
            return []
        return [each for each in self.now.doubts if each.number != self.change_request.number]

    @property
    def replaced_by(self) -> int | None:
        """The change request that was carried out here after this one, if one was."""
        return self.parts.replaced_by

    @property
    def held(self) -> Held:
        """What the reader may do in the project."""
        return self.parts.held

    @property
    def path(self) -> list[Environment]:
        """The project's environments in the order of promotion."""
        return self.parts.path

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
