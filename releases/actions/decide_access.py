"""Decide what becomes of rights, and carry out the revocations."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.utils import timezone

from audit.privacy.sealing import SALT
from audit.record import commitment, record
from catalog.actions.end_membership import end_membership
from catalog.actions.remove_team_member import remove_team_member
from catalog.actions.set_portal_permissions import set_portal_permissions
from catalog.errors import DomainError, InvalidInput, NotPermitted, WrongMoment
from catalog.locking import locked
from catalog.models import User
from catalog.permissions import Permission, PortalPermission, require
from releases.access.access import reviewed
from releases.access.rights import Right, Way
from releases.audit_events import ReleaseEvent
from releases.models import AccessDecision, AccessReview, AccessReviewState, AccessVerdict

LONGEST_NOTE: Final = 500


@dataclass(frozen=True)
class Wish:
    """What somebody decides about one right."""

    verdict: str
    note: str = ""


def decide_access(review: AccessReview, wishes: Mapping[str, Wish], *, by: User) -> Sequence[str]:
    """Keep or revoke rights, by their keys; a revocation ends them through the action that takes them.

    The decisions are kept even if a revocation is refused: it is tried again with the next decision, and
    the review cannot be signed before.

    Returns:
        A sentence for each revocation that was refused.

    Raises:
        NotPermitted: without ``manage_members`` in the project, for a machine, or about one's own rights.
        WrongMoment: the review is signed.
        InvalidInput: there is no such right (any more), or no such verdict.
    """
    _decide(review, wishes, by=by)
    return _carry_out(review, by=by)


@transaction.atomic(durable=True)
def _decide(review: AccessReview, wishes: Mapping[str, Wish], *, by: User) -> None:
    project = locked(review.project)
    review = locked(review)
    require(Permission.MANAGE_MEMBERS, by, project)
    if not by.is_person:
        raise NotPermitted("Only people review access.")
    if review.state != AccessReviewState.OPEN:
        raise WrongMoment(f"The {review} is signed; what it decided stays. Open another one.")
    found = reviewed(review)
    rights = {right.key: right for right in found.access.rights}
    decided = []
    for key, wish in wishes.items():
        right = rights.get(key)
        if right is None:
            raise InvalidInput.of("decisions", f"There is no right {key:.120} any more. Reload.")
        _check(right, wish, by)
        present = found.decision_on(right)
        if present is None or (present.verdict, present.note) != (wish.verdict, wish.note):
            decided.append(_keep(review, right, wish, by))
    if decided:
        record(
            ReleaseEvent.ACCESS_DECIDED,
            subject=review,
            by=by,
            count=len(decided),
            decisions=[{"right": each.right, "verdict": str(each.verdict)} for each in decided],
        )


def _check(right: Right, wish: Wish, by: User) -> None:
    if right.account.pk == by.pk:
        raise NotPermitted(
            "Nobody reviews their own access: somebody else who may give roles in this project decides "
            "about yours."
        )
    if wish.verdict not in AccessVerdict.values:
        raise InvalidInput.of("decisions", f"{wish.verdict!r:.40} is neither keep nor revoke.")
    if len(wish.note) > LONGEST_NOTE or "\x00" in wish.note:
        raise InvalidInput.of("decisions", f"A note has at most {LONGEST_NOTE} characters.")
    if right.way == Way.SUPERUSER and wish.verdict == AccessVerdict.REVOKE:
        raise InvalidInput.of(
            "decisions",
            f"{right.account.display_name} is a superuser of the whole portal, which no project's review "
            "ends. Keep it with a note, and have the account deactivated.",
        )


def _keep(review: AccessReview, right: Right, wish: Wish, by: User) -> AccessDecision:
    note = wish.note.strip()
    salt = secrets.token_bytes(SALT) if note else b""
    decision, _ = AccessDecision.objects.update_or_create(
        review=review,
        key=right.key,
        defaults={
            "account": right.account,
            "right": right.document,
            "verdict": wish.verdict,
            "note": note,
            "note_salt": salt,
            "note_commitment": commitment("note", note, salt) if note else "",
            "decided_by": by,
            "decided_at": timezone.now(),
        },
    )
    return decision


def _carry_out(review: AccessReview, *, by: User) -> list[str]:
    """Revoke what is to be revoked and still holds, each in a transaction of its own."""
    refused = []
    for right in reviewed(review).to_revoke:
        try:
            _revoke(right, by=by)
        except DomainError as error:
            name = right.account.display_name
            refused.append(f"{right.title} of {name} still holds: {error.sentence}")
    return refused


def _revoke(right: Right, *, by: User) -> None:
    if right.way == Way.TEAM and right.team is not None:
        remove_team_member(right.team, right.account, by=by)
    elif right.membership is not None:
        end_membership(right.membership, by=by)
    elif right.way == Way.PORTAL:
        held = right.account.user_permissions.filter(content_type__app_label="catalog")
        known = {each.value.partition(".")[2] for each in PortalPermission}
        rest = known.intersection(held.values_list("codename", flat=True)) - {right.role}
        set_portal_permissions(right.account, permissions=rest, by=by)
