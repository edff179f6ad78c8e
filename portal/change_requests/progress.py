"""How far it is: the phases in one line, the steps of the deployment, and what happened in order."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.urls import reverse
from django.utils import timezone

from catalog.permissions import Permission
from deployments.audit_events import DeploymentEvent
from deployments.models import (
    Deployment,
    DeploymentState,
    DeploymentStep,
    StepState,
    StepVerb,
)
from portal.change_requests.rulings import signatures_in_words
from portal.change_requests.story import Story
from releases.audit_events import ReleaseEvent
from releases.outcomes import GateVerdict
from releases.states import ChangeRequestState

_S = ChangeRequestState
_NAMES: Final = ("Submitted", "Checks", "Approvals", "Deploy", "Verify")
_UNTIL: Final = {
    _S.SUBMITTED: 1, _S.CHECKING: 1, _S.BLOCKED: 1,
    _S.AWAITING_APPROVAL: 2, _S.REJECTED: 2,
    _S.APPROVED: 3, _S.SCHEDULED: 3, _S.QUEUED: 3, _S.DEPLOYING: 3, _S.VERIFYING: 4,
    _S.DEPLOYED: 5, _S.ROLLED_BACK: 5,
}  # fmt: skip
"""The phase that a state is in; those before it are done."""

_LOOK: Final = {
    _S.SUBMITTED: "running", _S.CHECKING: "running", _S.BLOCKED: "failed",
    _S.AWAITING_APPROVAL: "current", _S.REJECTED: "failed",
    _S.APPROVED: "waiting", _S.SCHEDULED: "waiting", _S.QUEUED: "waiting",
    _S.DEPLOYING: "running", _S.VERIFYING: "running",
    _S.FAILED: "failed", _S.ERRORED: "errored",
}  # fmt: skip

_STEP: Final = {
    StepState.PENDING: "waiting",
    StepState.RUNNING: "running",
    StepState.DONE: "done",
    StepState.FAILED: "failed",
    StepState.SKIPPED: "skipped",
}

_LOOK_OF_EVENT: Final[dict[str, str]] = {
    str(ReleaseEvent.SUBMITTED): "submitted",
    str(ReleaseEvent.CHECKING): "checking",
    str(ReleaseEvent.BLOCKED): "blocked",
    str(ReleaseEvent.AWAITING_APPROVAL): "awaiting_approval",
    str(ReleaseEvent.APPROVALS_VOIDED): "voided",
    str(ReleaseEvent.APPROVED): "approved",
    str(ReleaseEvent.APPROVAL_REFUSED): "revoked",
    str(ReleaseEvent.ALL_RULES_MET): "approved",
    str(ReleaseEvent.REJECTED): "rejected",
    str(ReleaseEvent.WITHDRAWN): "withdrawn",
    str(ReleaseEvent.EXPIRED): "expired",
    str(ReleaseEvent.SUPERSEDED): "superseded",
    str(ReleaseEvent.SCHEDULED): "scheduled",
    str(ReleaseEvent.QUEUED): "queued",
    str(ReleaseEvent.DEPLOYING): "deploying",
    str(ReleaseEvent.VERIFYING): "verifying",
    str(ReleaseEvent.DEPLOYED): "deployed",
    str(ReleaseEvent.FAILED): "failed",
    str(ReleaseEvent.ERRORED): "errored",
    str(ReleaseEvent.ROLLED_BACK): "rolled_back",
    str(DeploymentEvent.NO_ANSWER): "error",
    str(DeploymentEvent.PUTTING_BACK): "rollback",
    str(DeploymentEvent.PUT_BACK): "rollback",
    str(DeploymentEvent.VERIFIED): "done",
    str(DeploymentEvent.ROLLED_OUT): "done",
    str(DeploymentEvent.APPLIED): "done",
    str(DeploymentEvent.FAILED): "failed",
    str(DeploymentEvent.ERRORED): "errored",
}


@dataclass(frozen=True, kw_only=True)
class Phase:
    """One place of ``components/phases.html``."""

    name: str
    state: str
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One line of ``components/steps.html``."""

    name: str
    state: str
    detail: str = ""
    seconds: int | None = None


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry of ``components/timeline_entry.html``."""

    sentence: str
    when: datetime
    state: str
    actor: str
    number: int
    url: str = ""


def phases_of(story: Story) -> list[Phase]:
    """Return the whole way, with what is done, what is going on and where it ended."""
    state = ChangeRequestState(story.change_request.state)
    here = _here(story, state)
    details = _details(story)
    return [
        Phase(name=name, state=_phase(position, here, state), detail=details[position])
        for position, name in enumerate(_NAMES)
    ]


def steps_of(story: Story) -> list[Step]:
    """Return the steps of the last attempt."""
    deployment = story.deployment
    return [_step(each, deployment) for each in story.steps] if deployment else []


def entries_of(story: Story) -> list[Entry]:
    """Return what happened, oldest first."""
    may_read = story.held.may(Permission.VIEW_AUDIT)
    return [
        Entry(
            sentence=event.sentence,  # type: ignore[attr-defined]  # set by with_sentences()
            when=event.recorded_at,
            state=_LOOK_OF_EVENT.get(event.type, "recorded"),
            actor=event.actor_name,  # type: ignore[attr-defined]  # set beside the columns
            number=event.stream_seq,
            url=reverse("audit:event", args=[event.pk]) if may_read else "",
        )
        for event in story.events
    ]


def said(story: Story) -> str:
    """Return one sentence for those who hear the page instead of seeing it."""
    state = ChangeRequestState(story.change_request.state).label
    running = next((each for each in story.steps if each.state == StepState.RUNNING), None)
    return f"{state}: {running.title}" if running else state


def _here(story: Story, state: ChangeRequestState) -> int:
    """Return the phase in which it is, or in which it ended."""
    if state in _UNTIL:
        return _UNTIL[state]
    if story.deployment is None:
        return 2 if story.gates and not _holding(story) else 1
    reached = [each.verb for each in story.steps if each.state == StepState.FAILED]
    return 4 if StepVerb.VERIFY in reached else 3


def _phase(position: int, here: int, state: ChangeRequestState) -> str:
    if position < here:
        return "done"
    if position > here:
        return "waiting" if state in _LOOK and state not in _ENDED else "skipped"
    return _LOOK.get(state, "skipped")


_ENDED: Final = frozenset({_S.REJECTED, _S.FAILED, _S.ERRORED})


def _details(story: Story) -> list[str]:
    request = story.change_request
    holding = _holding(story)
    checks = f"{holding} hold it up" if holding else f"{len(story.gates)} let it through"
    waits = {
        _S.SCHEDULED: f"not before {request.not_before:%d %b, %H:%M} UTC" if request.not_before else "",
        _S.QUEUED: "in the queue",
    }  # fmt: skip
    return [
        f"by {request.requested_by.display_name}",
        checks if story.gates else "",
        signatures_in_words(story) if story.rules else "",
        waits.get(ChangeRequestState(request.state), ""),
        "",
    ]


def _holding(story: Story) -> int:
    return sum(not GateVerdict(result.outcome).lets_through for result in story.gates)


def _step(step: DeploymentStep, deployment: Deployment) -> Step:
    state = _STEP[StepState(step.state)]
    if state == "failed" and deployment.state == DeploymentState.ERRORED:
        state = "errored"
    return Step(
        name=step.title,
        state=state,
        detail=step.sentence,
        seconds=_seconds(step),
    )


def _seconds(step: DeploymentStep) -> int | None:
    if step.started_at is None:
        return None
    end = step.finished_at or timezone.now()
    return max(0, int((end - step.started_at).total_seconds()))
