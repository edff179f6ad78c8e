"""The one thing that comes next: a sentence for everybody, and a way to do it for whoever may."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlencode

from django.urls import reverse

from catalog.models import Environment
from catalog.permissions import Permission
from deployments.models import DeploymentState
from portal.change_requests.story import Story
from releases.models import ChangeKind
from releases.rows import address_of, waits_for
from releases.states import ChangeRequestState

_S = ChangeRequestState
_AGAIN: Final = frozenset(
    {_S.REJECTED, _S.EXPIRED, _S.FAILED, _S.ERRORED, _S.WITHDRAWN, _S.ABORTED_BY_FREEZE}
)


@dataclass(frozen=True, kw_only=True)
class NextStep:
    """A notice, and perhaps a button."""

    tone: str
    title: str
    text: str = ""
    sentences: list[str] = field(default_factory=list)
    action_url: str = ""
    action_label: str = ""


def next_step(story: Story) -> NextStep:
    """Return what comes next for this reader."""
    state = ChangeRequestState(story.change_request.state)
    step = _STEPS.get(state)
    return step(story) if step else _CHECKING


_CHECKING: Final = NextStep(
    tone="active", title="The gates are being checked", text="This takes a moment."
)


def _blocked(story: Story) -> NextStep:
    blocking = story.change_request.blocking
    count = len(blocking)
    title = "One thing holds this up" if count == 1 else f"{count} things hold this up"
    return NextStep(tone="bad", title=title, sentences=blocking)


def _awaiting(story: Story) -> NextStep:
    if story.reader.pk in story.change_request.waiting_for:
        text = f"{waits_for(story.change_request, story.reader)} Read what changes, then decide."
        return NextStep(
            tone="warn", title="Your signature is next", text=text,
            action_url="#decision", action_label="Decide",
        )  # fmt: skip
    waiting = [_who(rule) for rule in story.rules if rule["missing"]]
    return NextStep(tone="warn", title="Waits for signatures", sentences=waiting)


def _who(rule: dict[str, object]) -> str:
    eligible = rule["eligible"] if isinstance(rule["eligible"], list) else []
    names = [str(each["name"]) for each in eligible]
    shown = f"{', '.join(names[:4])}{' or others' if len(names) > len(names[:4]) else ''}"
    people = " or ".join(shown.rsplit(", ", 1)) if shown else "nobody holds the role now"
    return f"{rule['title']} needs {rule['missing']} more: {people}."


def _scheduled(story: Story) -> NextStep:
    when = story.change_request.not_before
    begins = f"{when:%d %B %Y, %H:%M} UTC" if when else "its time"
    return NextStep(tone="active", title="Everybody has signed", text=f"It begins on {begins}.")


def _queued(story: Story) -> NextStep:
    where = story.change_request.environment.name
    return NextStep(
        tone="active",
        title="Everybody has signed",
        text=f"It is in the queue of {where}. A worker begins by itself, one change at a time.",
    )


def _carried_out(story: Story) -> NextStep:
    deployment = story.deployment
    if deployment is not None and deployment.state == DeploymentState.WAITING:
        return NextStep(
            tone="warn",
            title="Waits for word from outside",
            text="Whoever carries it out says how it went; the executor reports, or a person attests.",
        )
    if deployment is not None and deployment.reason:
        return NextStep(tone="bad", title="It is being put back", text=deployment.reason)
    if deployment is not None and deployment.tries:
        return NextStep(
            tone="unknown",
            title="The target does not answer",
            text=f"It was asked {deployment.tries} times and is asked again by itself.",
        )
    where = story.change_request.environment.name
    return NextStep(
        tone="active", title=f"On its way to {where}", text="Nothing to do: watch it arrive."
    )


def _deployed(story: Story) -> NextStep:
    request = story.change_request
    where = request.environment.name
    if story.replaced_by is not None:
        return NextStep(
            tone="neutral",
            title=f"It ran on {where}",
            text=f"CR-{story.replaced_by} was carried out there since.",
            action_url=address_of(story.replaced_by),
            action_label=f"See CR-{story.replaced_by}",
        )
    title = f"{request.release.version} runs on {where}"
    return _promote(story, title) or NextStep(
        tone="good", title=title, text="Nothing is left to do."
    )


def _promote(story: Story, title: str) -> NextStep | None:
    onward = next_environment(story.path, story.change_request.environment)
    if onward is None or story.change_request.kind == ChangeKind.ROLLBACK:
        return None
    text = f"The next place on its way is {onward.name}."
    if not story.held.may(Permission.SUBMIT_CHANGE, onward.pk):
        return NextStep(tone="good", title=title, text=text)
    return NextStep(
        tone="good", title=title, text=text, action_label=f"Promote to {onward.name}",
        action_url=ask_for(story, release=story.change_request.release_id, environment=onward.pk),
    )  # fmt: skip


def next_environment(path: list[Environment], here: Environment) -> Environment | None:
    """Return the environment after this one on the promotion path."""
    return next((each for each in path if each.position > here.position), None)


def ask_for(story: Story, **wish: object) -> str:
    """Return the form that opens a change request, filled in."""
    page = reverse("releases:new-change-request", args=[story.change_request.project.slug])
    return f"{page}?{urlencode(wish)}"


def _ended(story: Story) -> NextStep:
    request = story.change_request
    state = ChangeRequestState(request.state)
    tone, title, text = _ENDINGS[state](story)
    may = state in _AGAIN and story.held.may(Permission.SUBMIT_CHANGE, request.environment_id)
    return NextStep(
        tone=tone,
        title=title,
        text=text,
        action_url=ask_for(story, again=request.number) if may else "",
        action_label="Clone as new" if may else "",
    )


def _rejected(story: Story) -> tuple[str, str, str]:
    no = next((each for each in reversed(story.approvals) if each.decision == "rejected"), None)
    title = f"{no.person_name} rejected it" if no else "It was rejected"
    said = f"“{no.comment}” " if no else ""
    return "bad", title, f"{said}A rejection is final; a new request can be made from it."


def _failed(story: Story) -> tuple[str, str, str]:
    reason = story.deployment.reason if story.deployment else ""
    return "bad", "It failed: a definite no", reason


def _errored(story: Story) -> tuple[str, str, str]:
    reason = story.deployment.reason if story.deployment else ""
    return "unknown", "It ended without a result", f"Nobody could tell how it went. {reason}"


def _rolled_back(story: Story) -> tuple[str, str, str]:
    by = f"CR-{story.replaced_by} put" if story.replaced_by else "A later change put"
    return "warn", "It was rolled back", f"{by} a release back that was verified here before."


_ENDINGS: Final[dict[ChangeRequestState, Callable[[Story], tuple[str, str, str]]]] = {
    _S.REJECTED: _rejected,
    _S.FAILED: _failed,
    _S.ERRORED: _errored,
    _S.ROLLED_BACK: _rolled_back,
    _S.EXPIRED: lambda _: (
        "neutral", "It ran out", "Nobody rejected it: its time was over before everybody had signed.",
    ),
    _S.WITHDRAWN: lambda _: ("neutral", "It was withdrawn", "Nothing was carried out."),
    _S.SUPERSEDED: lambda _: ("neutral", "A newer request took its place", ""),
    _S.ABORTED_BY_FREEZE: lambda _: ("warn", "A freeze stopped it", ""),
}  # fmt: skip

_STEPS: Final[dict[ChangeRequestState, Callable[[Story], NextStep]]] = {
    _S.BLOCKED: _blocked,
    _S.AWAITING_APPROVAL: _awaiting,
    _S.APPROVED: _queued,
    _S.SCHEDULED: _scheduled,
    _S.QUEUED: _queued,
    _S.DEPLOYING: _carried_out,
    _S.VERIFYING: _carried_out,
    _S.DEPLOYED: _deployed,
    **dict.fromkeys(_ENDINGS, _ended),
}
