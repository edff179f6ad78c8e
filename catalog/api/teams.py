"""Teams: people who get roles together."""

from typing import Any

from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.actions.add_team_member import add_team_member
from catalog.actions.create_team import create_team
from catalog.actions.remove_team_member import remove_team_member
from catalog.api.describe import call
from catalog.api.endpoint import Endpoint, one
from catalog.api.strict import Names, StrictSerializer, Text
from catalog.errors import InvalidInput
from catalog.models import Team, User
from catalog.models import TokenScope as Scope


class TeamSerializer(serializers.Serializer[Any]):
    """A team and who is in it, by user name."""

    id = serializers.IntegerField()
    slug = serializers.CharField()
    name = serializers.CharField()
    members = Names(of="username")


class NewTeamSerializer(StrictSerializer):
    """A team to create, without members."""

    slug = Text(max_length=63)
    name = Text(max_length=100)


class NewTeamMemberSerializer(StrictSerializer):
    """A person, by user name."""

    user = Text(max_length=150)


class TeamFilter(filters.FilterSet):
    """Which teams."""

    class Meta:
        model = Team
        fields = ["slug"]


class TeamsView(Endpoint):
    """``teams/``."""

    queryset = Team.objects.none()
    filterset_class = TeamFilter
    required_scope = Scope.ADMIN

    @call("teams", "List the teams", name="teams_list", answer=TeamSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Teams are shared by all projects, so everybody sees them."""
        return self.listed(Team.objects.prefetch_related("members"), TeamSerializer)

    @call(
        "teams",
        "Create a team",
        name="teams_create",
        body=NewTeamSerializer,
        answer=TeamSerializer,
        status=201,
        scope=Scope.ADMIN,
    )
    def post(self, request: Request) -> Response:
        """Needs the portal permission ``manage_people``."""
        team = create_team(**self.body(NewTeamSerializer), by=self.caller)
        return Response(TeamSerializer(team).data, status=201)


class TeamView(Endpoint):
    """``teams/{slug}/``."""

    @call("teams", "Read a team", name="teams_read", answer=TeamSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """With its members."""
        return Response(TeamSerializer(_team(slug)).data)


class TeamMembersView(Endpoint):
    """``teams/{slug}/members/``."""

    required_scope = Scope.ADMIN

    @call(
        "teams",
        "Add a person to a team",
        name="teams_add_member",
        body=NewTeamMemberSerializer,
        answer=TeamSerializer,
        scope=Scope.ADMIN,
    )
    def post(self, request: Request, slug: str) -> Response:
        """Needs the portal permission ``manage_people``. They get the team's roles at once."""
        team = _team(slug)
        username = self.body(NewTeamMemberSerializer)["user"]
        person = User.objects.filter(username=username).first()
        if person is None:
            raise InvalidInput.of("user", f"There is no user {username!r:.80}.")
        return Response(TeamSerializer(add_team_member(team, person, by=self.caller)).data)


class TeamMemberView(Endpoint):
    """``teams/{slug}/members/{username}/``."""

    required_scope = Scope.ADMIN

    @call(
        "teams",
        "Take a person out of a team",
        name="teams_remove_member",
        status=204,
        scope=Scope.ADMIN,
    )
    def delete(self, request: Request, slug: str, username: str) -> Response:
        """Needs the portal permission ``manage_people``. The team's roles are theirs no longer."""
        person = one(User.objects.filter(username=username), f"no user {username!r:.80}")
        remove_team_member(_team(slug), person, by=self.caller)
        return Response(status=204)


def _team(slug: str) -> Team:
    return one(Team.objects.filter(slug=slug), f"no team {slug}")
