"""The owner signs an access review: what was seen, and what was decided about it."""

from django.db import transaction
from django.utils import timezone

from audit.record import record
from catalog.errors import NotPermitted, WrongMoment
from catalog.locking import locked
from catalog.models import User
from catalog.permissions import Permission, require
from releases.access.access import Reviewed, reviewed
from releases.audit_events import ReleaseEvent
from releases.errors import AccessChanged
from releases.models import AccessReview, AccessReviewState
from releases.signing import clean_comment


@transaction.atomic(durable=True)
def sign_access_review(
    review: AccessReview, *, digest: str, comment: str = "", by: User
) -> AccessReview:
    """Sign the review; from now on it never changes.

    Args:
        digest: of what the owner saw.

    Raises:
        NotPermitted: ``by`` is not its owner, or may no longer give and take roles there.
        WrongMoment: it is signed, something is not decided, or a revocation is not carried out.
        AccessChanged: access is no longer what the owner saw.
    """
    project = locked(review.project)
    review = locked(review)
    comment = clean_comment(comment)
    if review.owner_id != by.pk:
        raise NotPermitted(
            f"The {review} is signed by its owner, {review.owner.display_name}, and by nobody else."
        )
    require(Permission.MANAGE_MEMBERS, by, project)
    if review.state != AccessReviewState.OPEN:
        raise WrongMoment(f"The {review} is signed already.")
    found = reviewed(review)
    _ensure_complete(found)
    if found.digest != digest:
        raise AccessChanged(
            "Who may do what has changed since you looked. Look again at what is shown now, then sign."
        )
    review.state = AccessReviewState.SIGNED
    review.signed_at = timezone.now()
    review.comment = comment
    review.document = found.document
    review.digest = digest
    review.save()
    record(
        ReleaseEvent.ACCESS_REVIEW_SIGNED,
        subject=review,
        by=by,
        private={"comment": comment},
        digest=digest,
        kept=len(found.access.rights),
        revoked=len(found.revoked),
        combinations=len(found.access.combinations),
        meaning="review",
    )
    return review


def _ensure_complete(found: Reviewed) -> None:
    if undecided := found.undecided:
        first = undecided[0]
        raise WrongMoment(
            f"{len(undecided)} of {len(found.access.rights)} rights are not decided, such as {first.title} "
            f"of {first.account.display_name}."
        )
    if left := found.to_revoke:
        first = left[0]
        raise WrongMoment(
            f"{first.title} of {first.account.display_name} was to be revoked and still holds. Whoever may "
            "take it ends it, or it is decided anew."
        )
