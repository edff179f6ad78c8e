"""What the reader may decide, and if nothing: why. The actions ask all of it again."""

from dataclasses import dataclass, field
from typing import Final
from zlib import crc32

from django.urls import reverse

from catalog.permissions import Permission
from portal.change_requests.rulings import Signature, signature_of
from portal.change_requests.story import Story
from releases.forms.changes import DecisionForm, RejectForm
from releases.models import ApprovalDecision
from releases.rows import in_words, signs_for
from releases.states import FINAL, TRANSITIONS, ChangeRequestState, Verb

_S = ChangeRequestState
_GRANTED: Final = frozenset({_S.APPROVED, _S.SCHEDULED, _S.QUEUED})
_UNCHECKED: Final = frozenset({_S.SUBMITTED, _S.CHECKING})


@dataclass(kw_only=True)
class Decision:
    """What ``components/decision_panel.html`` draws, and a no for those who cannot say yes."""

    may_decide: bool = False
    may_reject: bool = False
    statement_digest: str = ""
    approve_url: str = ""
    reject_url: str = ""
    signs_for: list[str] = field(default_factory=list)
    title: str = ""
    why_not: str = ""
    own: Signature | None = None
    form: DecisionForm | None = None
    reject_form: RejectForm | None = None

    @property
    def key(self) -> str:
        """What a live page compares: when it differs, the panel is drawn anew."""
        may = f"{self.may_decide:d}{self.may_reject:d}{bool(self.own):d}"
        return f"{may}-{self.statement_digest[-12:]}-{hash_of(self.why_not)}"


def hash_of(words: str) -> str:
    """Return a few letters that differ when the words do."""
    return f"{crc32(words.encode()):08x}"


def decision_of(story: Story) -> Decision:
    """Return what the reader may do about the change request."""
    request = story.change_request
    digest = request.statement.digest if request.statement else ""
    decision = Decision(
        may_decide=_may_approve(story),
        may_reject=_may_reject(story),
        statement_digest=digest,
        approve_url=reverse("portal:approve", args=[request.number]),
        reject_url=reverse("portal:reject", args=[request.number]),
        signs_for=signs_for(story.rules, story.reader),
        own=signature_of(story.own_signature) if story.own_signature else None,
    )
    if not decision.may_decide:
        decision.title, decision.why_not = _why_not(story)
    decision.form = DecisionForm(initial={"statement_digest": digest})
    decision.reject_form = RejectForm(initial={"statement_digest": digest}, auto_id="id_reject_%s")
    return decision


def _may_approve(story: Story) -> bool:
    request = story.change_request
    return (
        request.state == _S.AWAITING_APPROVAL
        and request.statement is not None
        and story.reader.pk in request.waiting_for
        and _holds(story)
    )


def _may_reject(story: Story) -> bool:
    """Whoever holds a role that a rule names may say no, also to their own change."""
    request = story.change_request
    return (
        (ChangeRequestState(request.state), Verb.REJECT) in TRANSITIONS
        and request.statement is not None
        and story.reader.is_person
        and _named(story)
        and _holds(story)
    )


def _holds(story: Story) -> bool:
    return story.held.may(Permission.APPROVE_CHANGE, story.change_request.environment_id)


def _named(story: Story) -> bool:
    name = story.reader.username
    return any(
        name == each["username"]
        for rule in story.rules
        for who in ("eligible", "signed_by", "excluded")
        for each in rule[who]
    )


def _why_not(story: Story) -> tuple[str, str]:
    """Return a title and the reason that weighs first."""
    request, state = story.change_request, ChangeRequestState(story.change_request.state)
    if state in FINAL or state in {_S.DEPLOYING, _S.VERIFYING}:
        return "Nothing to decide any more", f"{request.label} is {state.label.lower()}."
    if story.own_signature and story.own_signature.decision == ApprovalDecision.APPROVED:
        return (
            "You have signed",
            "Your signature counts as long as nothing that you signed changes.",
        )
    if why := _excluded(story):
        return (
            "You may not approve this",
            f"Nobody approves their own change: you {why}. Somebody else who holds the role must sign.",
        )
    if not _named(story) or not _holds(story):
        return "Nothing for you to sign", _no_role(story)
    return _wrong_moment(state)


def _wrong_moment(state: ChangeRequestState) -> tuple[str, str]:
    if state == _S.BLOCKED:
        return (
            "Not yet",
            "It can be approved when nothing holds it up any more. It will then stand in your inbox.",
        )
    if state in _UNCHECKED:
        return "Not yet", "The gates are being checked."
    if state in _GRANTED:
        return "Everybody has signed", "All rules are met; your signature is not needed."
    return "Nothing for you to sign", "Every rule that counts you is met already."


def _excluded(story: Story) -> str:
    name = story.reader.username
    found = (
        str(each["why"])
        for rule in story.rules
        for each in rule["excluded"]
        if each["username"] == name
    )
    return next(found, "")


def _no_role(story: Story) -> str:
    if not story.rules:
        return "No policy asks for a signature here."
    titles = in_words([rule["title"] for rule in story.rules])
    where = story.change_request.environment.name
    return f"The policy asks for {titles}, and none of your roles in {where} counts for that."
