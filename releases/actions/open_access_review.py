"""Somebody is to look through who may do what in a project."""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from audit.record import record
from audit.times import in_utc
from catalog.errors import AlreadyExists, InvalidInput
from catalog.locking import locked
from catalog.models import Project, User
from catalog.permissions import Permission, allowed, require
from releases.audit_events import ReleaseEvent
from releases.models import AccessReview, AccessReviewState

USUAL: Final = timedelta(days=14)
"""How long the owner has, unless somebody says otherwise."""


@transaction.atomic(durable=True)
def open_access_review(
    project: Project, *, owner: User, due_at: datetime | None = None, by: User
) -> AccessReview:
    """Open a review that ``owner`` is to sign until ``due_at``.

    Raises:
        NotPermitted: without ``manage_members`` in the project.
        InvalidInput: the owner could not carry it out, or the date is not in the future.
        AlreadyExists: one is open.
    """
    owner = locked(owner)
    project = locked(project)
    require(Permission.MANAGE_MEMBERS, by, project)
    now = timezone.now()
    due_at = due_at or now + USUAL
    if due_at <= now:
        raise InvalidInput.of("due_at", "The date until which it is due must be in the future.")
    if not owner.is_person or not allowed(owner, Permission.MANAGE_MEMBERS, project):
        raise InvalidInput.of(
            "owner",
            f"{owner.username} may not give or take roles in {project.slug}, and could not carry out what "
            "the review decides. Choose one of the project's administrators.",
        )
    open_one = AccessReview.objects.filter(project=project, state=AccessReviewState.OPEN).first()
    if open_one is not None:
        raise AlreadyExists(f"The {open_one} of {project.slug} is open; sign it first.")
    review = AccessReview.objects.create(project=project, owner=owner, opened_by=by, due_at=due_at)
    record(
        ReleaseEvent.ACCESS_REVIEW_OPENED,
        subject=review,
        by=by,
        private={"owner": owner.display_name},
        account=owner.pseudonym,
        until=in_utc(due_at),
    )
    return review
