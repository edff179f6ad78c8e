"""How model cards stand at a moment, as gates read them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from django.db.models import F

from audit.times import in_utc
from releases.canonical import Json
from releases.cards.content import missing_from
from releases.gates.gate import CardSeen
from releases.models import CardRevision


@dataclass(frozen=True)
class Standing:
    """The revision that stands.

    Attributes:
        digest: of the revision; what people sign names it.
        next_review_at: from then on the card is overdue.
    """

    digest: str
    next_review_at: datetime
    seen: CardSeen


Cards: TypeAlias = Mapping[int, Standing]
"""By the id of the artifact version."""


def cards_of(versions: Collection[int], at: datetime) -> Cards:
    """Return the cards of the versions that have one; one query."""
    rows = CardRevision.objects.filter(
        card__artifact_version__in=versions, number=F("card__revision")
    )
    return {row.card.artifact_version_id: _standing(row, at) for row in rows.select_related("card")}


def missing_in(revision: CardRevision) -> list[str]:
    """Return the titles of what a complete card needs and this revision has not."""
    has_owner = revision.owner_id is not None
    return missing_from(revision.content, has_owner=has_owner, risk_tier=revision.risk_tier)


def _standing(revision: CardRevision, at: datetime) -> Standing:
    card = revision.card
    missing = missing_in(revision)
    overdue = card.is_overdue(at)
    facts: dict[str, Json] = {
        "complete": card.is_complete,
        "missing": missing,
        "reviewed": card.is_reviewed,
        "overdue": overdue,
        "next_review_at": in_utc(card.next_review_at),
        "days_to_review": (card.next_review_at - at).days,
        "risk_tier": card.risk_tier,
        "revision": card.revision,
    }
    wrong, remedies = [], []
    if missing:
        wrong.append(f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing")
        remedies.append("Complete the model card.")
    if not card.is_reviewed:
        wrong.append(f"nobody reviewed revision {card.revision}")
    if overdue:
        wrong.append(f"its review was due on {card.next_review_at:%Y-%m-%d}")
    if overdue or not card.is_reviewed:
        remedies.append("Let somebody review it who did not write it.")
    sentence = f"About its model card: {'; '.join(wrong)}." if wrong else ""
    return Standing(
        revision.digest, card.next_review_at, CardSeen(facts, sentence, " ".join(remedies))
    )
