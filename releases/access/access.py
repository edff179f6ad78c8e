"""Everything about who may do what in a project now; and what a review of it signs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from audit.times import in_utc
from catalog.models import Project
from releases.access.combinations import Combination, combinations_in
from releases.access.rights import Place, Right, places_of, rights_in
from releases.canonical import digest_of
from releases.models import AccessDecision, AccessReview, AccessVerdict

SCHEMA: Final = "gatehouse.access-review/v2"


@dataclass(frozen=True)
class Access:
    """Rights and what is odd about them, as they are at one moment."""

    project: Project
    places: Sequence[Place]
    rights: Sequence[Right]
    combinations: Sequence[Combination]

    @property
    def document(self) -> dict[str, Any]:
        """It as JSON."""
        return {
            "project": self.project.slug,
            "rights": [right.document for right in self.rights],
            "combinations": [each.document for each in self.combinations],
        }


def access_in(project: Project) -> Access:
    """Return who may do what in the project; a constant number of queries."""
    places = places_of(project)
    rights = rights_in(project, places)
    return Access(project, places, rights, combinations_in(rights, places))


@dataclass(frozen=True)
class Reviewed:
    """Access beside the decisions of an open review."""

    review: AccessReview
    access: Access
    decisions: Mapping[str, AccessDecision]
    """By key; only those about a right as it still is, and those whose right is gone."""

    def decision_on(self, right: Right) -> AccessDecision | None:
        """Return what was decided about it, unless the right has become another one since."""
        decision = self.decisions.get(right.key)
        return decision if decision and decision.right == right.document else None

    @property
    def undecided(self) -> list[Right]:
        """The rights about which nothing is decided."""
        return [right for right in self.access.rights if self.decision_on(right) is None]

    @property
    def to_revoke(self) -> list[Right]:
        """The rights that were to be revoked, and still hold."""
        return [
            right
            for right in self.access.rights
            if (decision := self.decision_on(right)) and decision.verdict == AccessVerdict.REVOKE
        ]

    @property
    def revoked(self) -> list[AccessDecision]:
        """The decisions that are carried out: their rights are gone."""
        held = {right.key for right in self.access.rights}
        return [
            decision
            for key, decision in self.decisions.items()
            if key not in held and decision.verdict == AccessVerdict.REVOKE
        ]

    @property
    def document(self) -> dict[str, Any]:
        """What its owner signs."""
        decided = [(right, self.decision_on(right)) for right in self.access.rights]
        return {
            "schema": SCHEMA,
            "review": self.review.pk,
            "project": self.access.project.slug,
            "opened_at": in_utc(self.review.opened_at),
            "due_at": in_utc(self.review.due_at),
            "owner": self.review.owner.pseudonym,
            "rights": [{**right.document, **_said(decision)} for right, decision in decided],
            "revoked": [{**each.right, **_said(each)} for each in self.revoked],
            "combinations": [each.document for each in self.access.combinations],
        }

    @property
    def digest(self) -> str:
        """Of that document: what the owner sees is what is signed."""
        return digest_of(self.document)


def reviewed(review: AccessReview) -> Reviewed:
    """Return the review with access as it is now."""
    decisions = review.decisions.select_related("account", "decided_by")
    return Reviewed(
        review, access_in(review.project), {decision.key: decision for decision in decisions}
    )


def notes_of(review: AccessReview) -> list[dict[str, str]]:
    """Return the notes behind the commitments, as far as they are not erased, for whoever compares them.

    A commitment is base64url(SHA-256(salt || "note" || 0x00 || note)) without padding.
    """
    kept = review.decisions.exclude(note_commitment="").order_by("pk")
    return [
        {"right": each.key, "note": each.note, "salt": bytes(each.note_salt).hex()}
        for each in kept
        if each.note_salt
    ]


def _said(decision: AccessDecision | None) -> dict[str, Any]:
    if decision is None:
        return {"verdict": None, "note": None, "decided_by": None, "decided_at": None}
    return {
        "verdict": str(decision.verdict),
        "note": decision.note_commitment or None,
        "decided_by": decision.decided_by.pseudonym,
        "decided_at": in_utc(decision.decided_at),
    }
