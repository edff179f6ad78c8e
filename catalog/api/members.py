"""Who has which role in a project."""

from typing import Any

from django.db.models import Model, QuerySet
from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.actions.end_membership import end_membership
from catalog.actions.give_membership import give_membership
from catalog.api.describe import call
from catalog.api.endpoint import Endpoint, one
from catalog.api.strict import Moment, Names, StrictSerializer, Text
from catalog.errors import InvalidInput
from catalog.models import Environment, Membership, Project, Role, Team, User
from catalog.models import TokenScope as Scope


class MembershipSerializer(serializers.Serializer[Any]):
    """A person or a team has a role; no environments means all of them."""

    id = serializers.IntegerField()
    project = serializers.CharField(source="project.slug")
    user = serializers.CharField(source="user.username", default=None, allow_null=True)
    team = serializers.CharField(source="team.slug", default=None, allow_null=True)
    role = serializers.CharField(source="role.slug")
    environments = Names(of="name")
    expires_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)


class NewMembershipSerializer(StrictSerializer):
    """A role to give: to a user (by user name) or a team (by slug), perhaps not everywhere or for ever."""

    user = Text(max_length=150, required=False)
    team = Text(max_length=63, required=False)
    role = Text(max_length=63)
    environments = serializers.ListField(child=Text(max_length=63), required=False, max_length=200)
    expires_at = Moment(required=False, allow_null=True)


class MembershipFilter(filters.FilterSet):
    """Which memberships."""

    user = filters.CharFilter("user__username")
    team = filters.CharFilter("team__slug")
    role = filters.CharFilter("role__slug")


class MembersView(Endpoint):
    """``projects/{slug}/members/``."""

    queryset = Membership.objects.none()
    filterset_class = MembershipFilter
    required_scope = Scope.ADMIN

    @call(
        "members",
        "List who has which role in a project",
        name="members_list",
        answer=MembershipSerializer(many=True),
    )
    def get(self, request: Request, slug: str) -> Response:
        """Only what is in force now."""
        rows = (
            Membership.objects.filter(project=self.project(slug))
            .live()
            .select_related("project", "user", "team", "role")
            .prefetch_related("environments")
        )
        return self.listed(rows, MembershipSerializer)

    @call(
        "members",
        "Give a role",
        name="members_create",
        body=NewMembershipSerializer,
        answer=MembershipSerializer,
        status=201,
        scope=Scope.ADMIN,
    )
    def post(self, request: Request, slug: str) -> Response:
        """Needs ``manage_members`` there. Name either a ``user`` or a ``team``."""
        project = self.project(slug)
        membership = give_membership(
            project, **_named(project, self.body(NewMembershipSerializer)), by=self.caller
        )
        return Response(MembershipSerializer(membership).data, status=201)


class MemberView(Endpoint):
    """``members/{id}/``."""

    required_scope = Scope.ADMIN

    @call("members", "End a membership", name="members_end", status=204, scope=Scope.ADMIN)
    def delete(self, request: Request, pk: int) -> Response:
        """Needs ``manage_members`` in its project. Its permissions end at once; the row stays as history."""
        visible = Membership.objects.filter(project__in=Project.objects.visible_to(self.caller))
        end_membership(one(visible.filter(pk=pk), f"no membership {pk}"), by=self.caller)
        return Response(status=204)


def _named(project: Project, fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields with the things that their names stand for."""
    names = fields.pop("environments", [])
    named: dict[str, Any] = {
        "role": _known("role", fields["role"], Role.objects.filter(slug=fields["role"])),
        "environments": [
            _known("environments", name, Environment.objects.filter(project=project, name=name))
            for name in dict.fromkeys(names)
        ],
        "expires_at": fields.get("expires_at"),
    }
    if "user" in fields:
        named["user"] = _known("user", fields["user"], User.objects.filter(username=fields["user"]))
    if "team" in fields:
        named["team"] = _known("team", fields["team"], Team.objects.filter(slug=fields["team"]))
    return named


def _known(field: str, name: str, queryset: QuerySet[Any]) -> Model:
    found: Model | None = queryset.first()
    if found is None:
        raise InvalidInput.of(field, f"There is no {field.removesuffix('s')} {name!r:.80}.")
    return found
