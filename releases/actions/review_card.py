"""Somebody other than its author confirms a model card, and says when to look at it again."""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from audit.record import record
from audit.times import in_utc
from catalog.errors import InvalidInput, NotPermitted, WrongMoment
from catalog.locking import locked
from catalog.models import User
from catalog.permissions import Permission, require
from catalog.validation import check_text
from releases.actions.save_card import card_of
from releases.audit_events import ReleaseEvent
from releases.cards.reviewing import months_of, usual_next
from releases.entering import with_version
from releases.errors import CardChanged, OwnCard
from releases.marking import mark_for_evaluation
from releases.models import CardReview, CardRevision, ModelCard

LONGEST_TEXT: Final = 2000
FURTHEST: Final = timedelta(days=10 * 366)
_SLACK: Final = timedelta(days=1)
"""A date that people chose begins at midnight; a day more or less needs no reason."""


@transaction.atomic(durable=True)
def review_card(
    card: ModelCard,
    *,
    revision: int,
    next_review_at: datetime | None = None,
    reason: str = "",
    comment: str = "",
    by: User,
) -> CardReview:
    """Confirm the revision that stands; the next review is due by the risk tier, or when ``by`` says.

    Args:
        revision: number of the one that was read.
        reason: why then; needed for a time later than the tier's interval.

    Raises:
        NotPermitted: without ``edit_model_card``, or for a machine.
        OwnCard: ``by`` wrote it, or a part of it since the last review.
        CardChanged: another revision stands there by now.
        WrongMoment: the card is not complete.
        InvalidInput: the time is past or too far away, or a reason is missing.
    """
    version = card.artifact_version
    artifact, version = version.artifact, locked(version)
    version.artifact = artifact
    require(Permission.EDIT_MODEL_CARD, by, artifact.project)
    found = card_of(version)
    if found is None:
        raise WrongMoment(f"{version} has no model card yet.")
    card = found
    _refuse_who_may_not(card, by)
    _refuse_what_is_not_ready(card, revision)
    now = timezone.now()
    reason = check_text("reason", reason, longest=LONGEST_TEXT).strip()
    due = _due(card, next_review_at, reason, now)
    standing = card.revisions.get(number=card.revision)
    review = CardReview.objects.create(
        revision=standing,
        reviewed_by=by,
        reviewed_at=now,
        next_review_at=due,
        reason=reason,
        comment=check_text("comment", comment, longest=LONGEST_TEXT).strip(),
    )
    card.reviewed_revision, card.reviewed_at, card.next_review_at = card.revision, now, due
    card.save(update_fields=["reviewed_revision", "reviewed_at", "next_review_at"])
    record(
        ReleaseEvent.CARD_REVIEWED,
        subject=card,
        by=by,
        private={"reason": review.reason, "comment": review.comment},
        revision=card.revision,
        digest=standing.digest,
        next_review=f"{due:%-d %B %Y}",
        next_review_at=in_utc(due),
    )
    mark_for_evaluation(with_version(version.pk))
    return review


def may_review(card: ModelCard, account: User) -> bool:
    """Return whether the account is a person who wrote nothing of what is to be reviewed."""
    return account.is_person and not _written_by(card, account)


def _written_by(card: ModelCard, account: User) -> bool:
    """What stands there, or anything since the last review: several hands may have written it."""
    since = min(card.reviewed_revision or 0, card.revision - 1)
    written = CardRevision.objects.filter(card=card, number__gt=since, saved_by=account)
    return written.exists()


def _refuse_who_may_not(card: ModelCard, by: User) -> None:
    if not by.is_person:
        raise NotPermitted("Only people review model cards.")
    if _written_by(card, by):
        raise OwnCard(
            "Nobody reviews what they wrote themselves: you saved a revision of this card since its last "
            "review. Ask somebody else who may review model cards here."
        )


def _refuse_what_is_not_ready(card: ModelCard, revision: int) -> None:
    if revision != card.revision:
        raise CardChanged(
            f"Revision {card.revision} stands there now, and you read {revision}. Read what changed, then "
            "review it."
        )
    if not card.is_complete:
        raise WrongMoment(
            "The card is not complete, so there is nothing to confirm yet. Its page says what is missing."
        )


def _due(card: ModelCard, wanted: datetime | None, reason: str, now: datetime) -> datetime:
    usual = usual_next(card.risk_tier, after=now)
    if wanted is None:
        return usual
    if not now < wanted < now + FURTHEST:
        raise InvalidInput.of(
            "next_review_at", "The next review must be in the future, and within ten years."
        )
    if wanted > usual + _SLACK and not reason:
        raise InvalidInput.of(
            "reason",
            f"A card of tier {card.risk_tier} is reviewed every {months_of(card.risk_tier)} months; say why "
            "later is soon enough.",
        )
    return wanted
