"""Write a revision of a card, inside of an action that has locked the version and asked who may."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils import timezone

from audit.record import record
from audit.times import in_utc
from catalog.errors import InvalidInput
from catalog.models import ArtifactKind, ArtifactVersion, RiskTier, User
from catalog.permissions import Permission, allowed
from catalog.validation import check_text
from releases.audit_events import ReleaseEvent
from releases.cards.content import OWNER, TIER, Content, missing_from
from releases.cards.fields import BY_NAME
from releases.cards.reviewing import FIRST_REVIEW, usual_next
from releases.entering import with_version
from releases.marking import mark_for_evaluation
from releases.models import CardRevision, CardSource, Evidence, ModelCard

LONGEST_NOTE: Final = 500


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A state of a card that somebody wants to save."""

    content: Content
    owner: User | None = None
    risk_tier: str = ""
    note: str = ""
    source: CardSource = CardSource.EDITED
    evidence: Evidence | None = None
    taken: dict[str, list[str]] = field(default_factory=dict)
    left_out: list[dict[str, str]] = field(default_factory=list)

    @property
    def missing(self) -> list[str]:
        """Titles of what a complete card needs and this one has not."""
        has_owner = self.owner is not None
        return missing_from(self.content, has_owner=has_owner, risk_tier=self.risk_tier)


def check_draft(draft: Draft, version: ArtifactVersion) -> None:
    """Refuse what cannot be saved; the content is clean already.

    Raises:
        InvalidInput: the version is of no model, or owner, tier or note do not fit.
    """
    if version.artifact.kind != ArtifactKind.MODEL:
        kind = version.artifact.get_kind_display().lower()
        raise InvalidInput.of("version", f"Only versions of models have cards; this is a {kind}.")
    if draft.risk_tier and draft.risk_tier not in RiskTier.values:
        tiers = ", ".join(RiskTier.values)
        raise InvalidInput.of("risk_tier", f"{draft.risk_tier!r:.40} is none of {tiers}.")
    if draft.owner is not None and not may_own(draft.owner, version):
        raise InvalidInput.of(
            "owner",
            f"{draft.owner.username} cannot answer for this card: choose a person with a role in the "
            "project.",
        )
    check_text("note", draft.note, longest=LONGEST_NOTE)


def may_own(account: User, version: ArtifactVersion) -> bool:
    """Return whether the account is a person who sees the project."""
    return account.is_person and allowed(account, Permission.VIEW_PROJECT, version.artifact.project)


def standing(card: ModelCard | None) -> CardRevision | None:
    """Return the revision that stands."""
    if card is None:
        return None
    revision = card.revisions.select_related("owner").get(number=card.revision)
    revision.card = card
    return revision


def is_same(revision: CardRevision | None, draft: Draft) -> bool:
    """Return whether the draft says what stands there already."""
    if revision is None:
        return False
    owner_id = draft.owner.pk if draft.owner else None
    held = (revision.content, revision.owner_id, revision.risk_tier)
    return held == (draft.content, owner_id, draft.risk_tier)


def write_revision(
    card: ModelCard | None, version: ArtifactVersion, draft: Draft, *, by: User
) -> CardRevision:
    """Write the next revision, with its event; open change requests are evaluated again."""
    before = standing(card)
    card = _written(card, version, draft)
    revision = CardRevision(
        card=card,
        number=card.revision,
        content=draft.content,
        owner=draft.owner,
        risk_tier=draft.risk_tier,
        is_complete=card.is_complete,
        source=draft.source,
        evidence=draft.evidence,
        taken=draft.taken,
        left_out=draft.left_out,
        note=draft.note.strip(),
        saved_by=by,
        saved_at=timezone.now(),
    )
    revision.digest = revision.digest_now()
    revision.save(force_insert=True)
    record(
        ReleaseEvent.CARD_SAVED,
        subject=card,
        by=by,
        private={"note": revision.note},
        revision=revision.number,
        digest=revision.digest,
        source=str(revision.source),
        evidence=f"sha256:{draft.evidence.sha256}" if draft.evidence else None,
        owner=draft.owner.pseudonym if draft.owner else None,
        risk_tier=draft.risk_tier,
        complete=card.is_complete,
        missing=draft.missing,
        next_review_at=in_utc(card.next_review_at),
        what=_what(before, draft),
    )
    mark_for_evaluation(with_version(version.pk))
    return revision


def _written(card: ModelCard | None, version: ArtifactVersion, draft: Draft) -> ModelCard:
    now = timezone.now()
    if card is None:
        card = ModelCard(
            project=version.artifact.project,
            artifact_version=version,
            revision=0,
            next_review_at=now + FIRST_REVIEW,
        )
    card.revision += 1
    card.owner, card.risk_tier = draft.owner, draft.risk_tier
    card.is_complete = not draft.missing
    # A tier that rises brings the review nearer; nothing but a review puts it off.
    card.next_review_at = min(card.next_review_at, usual_next(draft.risk_tier, after=now))
    card.save()
    return card


def _what(before: CardRevision | None, draft: Draft) -> str:
    """Return which fields changed, by their titles: what they say is no business of the entry."""
    old: dict[str, Any] = before.content if before else {}
    changed = [
        field.title for name, field in BY_NAME.items() if old.get(name) != draft.content.get(name)
    ]
    if (before.owner_id if before else None) != (draft.owner.pk if draft.owner else None):
        changed.append(OWNER)
    if (before.risk_tier if before else "") != draft.risk_tier:
        changed.append(TIER)
    return _listed(changed)


def _listed(titles: Sequence[str]) -> str:
    return ", ".join(titles) or "nothing else"
