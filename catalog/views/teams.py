"""Teams: people who get roles together."""

from typing import Any

from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property

from catalog.actions.add_team_member import add_team_member
from catalog.actions.create_team import create_team
from catalog.actions.remove_team_member import remove_team_member
from catalog.forms.people import NewTeamForm, TeamMemberForm
from catalog.models import Membership, Project, Team, User
from catalog.permissions import PortalPermission, allowed_portal, require_portal
from catalog.views.page import Deed, FormPage, Page
from catalog.views.paging import slice_of
from catalog.views.people import MOST_MEMBERSHIPS, people_crumbs, people_tabs


class TeamsPage(Page):
    """``/people/-/teams/``."""

    template_name = "catalog/teams.html"

    def context(self) -> dict[str, Any]:
        """List the teams by their slug."""
        teams = Team.objects.annotate(size=Count("members"))
        return {
            "teams": slice_of(teams, self.request, key="slug"),
            "tabs": people_tabs("teams", self.caller),
            "may_manage": allowed_portal(self.caller, PortalPermission.MANAGE_PEOPLE),
        }


class TeamPage(Page):
    """``/people/-/teams/<slug>/``: who is in it and which roles it has."""

    template_name = "catalog/team.html"

    @cached_property
    def team(self) -> Team:
        """The team that the address names."""
        return get_object_or_404(Team, slug=self.kwargs["slug"])

    def back(self) -> str:
        """Return the address of this page."""
        return reverse("catalog:team", args=[self.team.slug])

    def context(self) -> dict[str, Any]:
        """List the members, and the team's roles in the projects one may see."""
        roles = (
            Membership.objects.filter(team=self.team)
            .filter(project__in=Project.objects.visible_to(self.caller))
            .live()
            .select_related("project", "role")
            .prefetch_related("environments")
            .order_by("project__slug", "pk")[:MOST_MEMBERSHIPS]
        )
        may_manage = allowed_portal(self.caller, PortalPermission.MANAGE_PEOPLE)
        return {
            "crumbs": people_crumbs("teams"),
            "team": self.team,
            "members": slice_of(self.team.members.all(), self.request, key="username"),
            "memberships": roles,
            "may_manage": may_manage,
            "form": TeamMemberForm() if may_manage else None,
        }


class NewTeamPage(FormPage):
    """``/people/-/teams/new/``."""

    template_name = "catalog/team_new.html"
    form_class = NewTeamForm

    def context(self) -> dict[str, Any]:
        """Refuse the form to those who may not use it."""
        require_portal(PortalPermission.MANAGE_PEOPLE, self.caller)
        return {"crumbs": people_crumbs("teams")}

    def act(self, fields: dict[str, Any]) -> str | HttpResponse:
        """Create the team."""
        self.created = create_team(**fields, by=self.caller)
        return f"The team {self.created.name} is there. Add its members next."

    def back(self) -> str:
        """Go to the new team."""
        return reverse("catalog:team", args=[self.created.slug])


class AddTeamMember(Deed, TeamPage):
    """``/people/-/teams/<slug>/members/``."""

    form_class = TeamMemberForm

    def act(self, fields: dict[str, Any]) -> str:
        """Add the person, who gets the team's roles at once."""
        person: User = fields["user"]
        add_team_member(self.team, person, by=self.caller)
        return f"{person.display_name} is in the team, and has its roles."


class RemoveTeamMember(Deed, TeamPage):
    """``/people/-/teams/<slug>/members/<username>/remove/``."""

    def act(self, fields: dict[str, Any]) -> str:
        """Take the person out, who loses the team's roles at once."""
        person = get_object_or_404(User, username=self.kwargs["username"])
        remove_team_member(self.team, person, by=self.caller)
        return f"{person.display_name} is no longer in the team, and has lost its roles."
