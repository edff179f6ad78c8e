"""The demo's access reviews: one signed some weeks ago, one due."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from django.utils import timezone

from catalog.actions.add_team_member import add_team_member
from catalog.actions.create_team import create_team
from catalog.actions.give_membership import give_membership
from catalog.models import Project, Role, User
from releases.access.access import reviewed
from releases.actions.decide_access import Wish, decide_access
from releases.actions.open_access_review import open_access_review
from releases.actions.sign_access_review import sign_access_review
from releases.models import AccessReview

LEFT: Final = "Left the project in spring."


def give_temporary_access(project: Project, people: Mapping[str, User]) -> None:
    """Give what the first review will find: a role that is not needed any more, and a team on call."""
    admin = people["admin"]
    viewer = Role.objects.get(slug="product-owner")
    give_membership(project, role=viewer, user=people["mei"], by=admin)
    on_call = create_team(slug="on-call", name="On call", by=admin)
    for name in ("dana", "oskar"):
        add_team_member(on_call, people[name], by=admin)
    operator = Role.objects.get(slug="operator")
    give_membership(project, role=operator, team=on_call, by=admin)


def review_and_sign(project: Project, people: Mapping[str, User]) -> AccessReview:
    """Look through everything: keep what is needed, revoke what is not, sign."""
    owner, admin = people["oskar"], people["admin"]
    review = open_access_review(project, owner=owner, by=admin)
    rights = reviewed(review).access.rights
    theirs = {
        right.key: Wish("revoke", LEFT) if right.account == people["mei"] else Wish("keep")
        for right in rights
        if right.account != owner
    }
    decide_access(review, theirs, by=owner)
    own = {
        right.key: Wish("keep", "Runs the platform; signs for operations only.")
        for right in rights
        if right.account == owner
    }
    decide_access(review, own, by=admin)
    comment = "Looked through with the team leads. Next time: who signs and gives roles."
    return sign_access_review(review, digest=reviewed(review).digest, comment=comment, by=owner)


def open_the_next(project: Project, people: Mapping[str, User]) -> AccessReview:
    """Open one that is due in some days, and decide the first rights of it."""
    validator = Role.objects.get(slug="validator")
    until = timezone.now() + timedelta(days=30)
    give_membership(
        project, role=validator, user=people["viktor"], expires_at=until, by=people["admin"]
    )
    owner = people["oskar"]
    due_at = timezone.now() + timedelta(days=5)
    review = open_access_review(project, owner=owner, due_at=due_at, by=people["admin"])
    rights = reviewed(review).access.rights
    some = {
        right.key: Wish("keep")
        for right in rights
        if right.account.username in {"audrey", "sofia", "ines"}
    }
    decide_access(review, some, by=owner)
    return review
