"""When access of which project was last reviewed, and whether the next review is due."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from django.utils import timezone

from catalog.models import Project
from releases.models import AccessReview, AccessReviewState

INTERVAL: Final = timedelta(days=90)
"""Between two reviews; a compliance check allows two days more."""
SOON: Final = timedelta(days=14)


class Standing(StrEnum):
    """How a project stands."""

    FIRST = "first"
    """Nobody has reviewed it yet, and the first review is not due soon."""
    CURRENT = "current"
    OPEN = "open"
    DUE = "due"
    OVERDUE = "overdue"


@dataclass(frozen=True, kw_only=True)
class ProjectStanding:
    """The reviews of one project.

    Attributes:
        due_at: of the open review, or else when the next one (or the first) should be signed.
    """

    project: Project
    last: AccessReview | None
    open: AccessReview | None
    due_at: datetime
    standing: Standing


def standings_of(projects: Iterable[Project]) -> list[ProjectStanding]:
    """Return how each project stands; two queries for any number of them."""
    listed = list(projects)
    reviews = AccessReview.objects.filter(project__in=listed).select_related("owner", "project")
    signed = reviews.filter(state=AccessReviewState.SIGNED).defer("document")
    last = {
        each.project_id: each
        for each in signed.order_by("project_id", "-id").distinct("project_id")
    }
    opened = {each.project_id: each for each in reviews.filter(state=AccessReviewState.OPEN)}
    now = timezone.now()
    return [_standing(each, last.get(each.pk), opened.get(each.pk), now) for each in listed]


def _standing(
    project: Project, last: AccessReview | None, opened: AccessReview | None, now: datetime
) -> ProjectStanding:
    since = (last.signed_at if last else None) or project.created_at
    due_at = opened.due_at if opened else since + INTERVAL
    if due_at < now:
        standing = Standing.OVERDUE
    elif opened:
        standing = Standing.OPEN
    elif due_at - now < SOON:
        standing = Standing.DUE
    else:
        standing = Standing.CURRENT if last else Standing.FIRST
    return ProjectStanding(
        project=project, last=last, open=opened, due_at=due_at, standing=standing
    )
