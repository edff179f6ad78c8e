"""Who has which role in a project, and what that lets them do where."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.db.models import Exists, OuterRef, Q
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from catalog.actions.end_membership import end_membership
from catalog.actions.give_membership import give_membership
from catalog.forms.members import GiveRoleForm
from catalog.models import (
    Environment,
    EnvironmentUserObjectPermission,
    Membership,
    User,
)
from catalog.permissions import Permission
from catalog.views.page import Deed
from catalog.views.paging import slice_of
from catalog.views.projects import ProjectPage

VERBS: Final = {
    Permission.SUBMIT_CHANGE.codename: "asks",
    Permission.APPROVE_CHANGE.codename: "signs",
    Permission.DEPLOY.codename: "deploys",
    Permission.ACTIVATE_POLICY.codename: "chooses the policy",
}
"""One word per verb on an environment, in the order in which they are shown."""


class MembersPage(ProjectPage):
    """``/projects/<slug>/members/``."""

    template_name = "catalog/members.html"
    tab = "catalog:project-members"

    def context(self) -> dict[str, Any]:
        """List the roles that are in force."""
        roles = (
            Membership.objects.filter(project=self.project)
            .live()
            .select_related("user", "team", "role", "created_by")
            .prefetch_related("environments")
        )
        may_manage = self.held.may(Permission.MANAGE_MEMBERS)
        return {
            **super().context(),
            "members": slice_of(roles, self.request, descending=True),
            "may_manage": may_manage,
            "may_review": may_manage or self.held.may(Permission.VIEW_AUDIT),
            "form": GiveRoleForm(self.project) if may_manage else None,
        }

    def back(self) -> str:
        """Return the address of this page."""
        return reverse("catalog:project-members", args=[self.project.slug])


class GiveRole(Deed, MembersPage):
    """``/projects/<slug>/members/give/``."""

    def form(self, data: Any = None) -> forms.Form:
        """Return the form for this project."""
        return GiveRoleForm(self.project, data)

    def act(self, fields: dict[str, Any]) -> str:
        """Give the role."""
        membership = give_membership(
            self.project,
            role=fields["role"],
            user=fields["user"],
            team=fields["team"],
            environments=list(fields["environments"]),
            expires_at=fields["expires_at"],
            by=self.caller,
        )
        return f"The role {membership.role} in {self.project} is given to {membership.holder_name}."


class EndRole(Deed, MembersPage):
    """``/projects/<slug>/members/<pk>/end/``."""

    def act(self, fields: dict[str, Any]) -> str:
        """End the role, and what it allowed, now."""
        mine = Membership.objects.filter(project=self.project).select_related(
            "user", "team", "role"
        )
        membership = get_object_or_404(mine, pk=self.kwargs["pk"])
        end_membership(membership, by=self.caller)
        return (
            f"The role {membership.role} of {membership.holder_name} in {self.project} has ended."
        )


@dataclass(frozen=True)
class Reach:
    """What one account may do, environment by environment."""

    account: User
    verbs: Sequence[Sequence[str]]


class ReachPage(ProjectPage):
    """``/projects/<slug>/members/reach/``: who may ask, sign and deploy where, from the grants themselves."""

    template_name = "catalog/members_reach.html"
    tab = "catalog:project-members"

    def context(self) -> dict[str, Any]:
        """List everybody who may do something on an environment of the project."""
        environments = list(self.project.environments.order_by("position"))
        grants = EnvironmentUserObjectPermission.objects.filter(
            Q(expires_at=None) | Q(expires_at__gt=timezone.now()),
            content_object__in=environments,
            permission__codename__in=list(VERBS),
            user__is_active=True,
        )
        holders = User.objects.filter(Exists(grants.filter(user=OuterRef("pk"))))
        people = slice_of(holders, self.request, key="username")
        return {
            **super().context(),
            "environments": environments,
            "people": people,
            "rows": _reach_of(people.rows, environments, grants),
        }


def _reach_of(
    people: Sequence[User], environments: Sequence[Environment], grants: Any
) -> list[Reach]:
    held: dict[tuple[int, int], set[str]] = defaultdict(set)
    found = grants.filter(user__in=people)
    for user, place, verb in found.values_list(
        "user_id", "content_object_id", "permission__codename"
    ):
        held[user, place].add(verb)
    return [
        Reach(
            one,
            [
                [VERBS[verb] for verb in VERBS if verb in held[one.pk, place.pk]]
                for place in environments
            ],
        )
        for one in people
    ]
