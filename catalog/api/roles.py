"""Roles: named sets of permission verbs."""

from typing import Any

from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.actions.change_role import change_role
from catalog.actions.create_role import create_role
from catalog.api.describe import call
from catalog.api.endpoint import Endpoint, one
from catalog.api.strict import StrictSerializer, Text
from catalog.models import Role
from catalog.models import TokenScope as Scope


class RoleSerializer(serializers.Serializer[Any]):
    """A role; built-in ones never change."""

    id = serializers.IntegerField()
    slug = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField()
    permissions = serializers.ListField(child=serializers.CharField())
    built_in = serializers.BooleanField()


class NewRoleSerializer(StrictSerializer):
    """A role to create, with verbs such as ``view_project`` and ``approve_change``."""

    slug = Text(max_length=63)
    title = Text(max_length=100)
    permissions = serializers.ListField(child=Text(max_length=60), max_length=50)
    description = Text(max_length=300, required=False, allow_blank=True)


class RoleChangesSerializer(StrictSerializer):
    """What is to change; what is not named stays."""

    title = Text(max_length=100, required=False)
    permissions = serializers.ListField(child=Text(max_length=60), max_length=50, required=False)
    description = Text(max_length=300, required=False, allow_blank=True)


class RoleFilter(filters.FilterSet):
    """Which roles."""

    class Meta:
        model = Role
        fields = ["slug", "built_in"]


class RolesView(Endpoint):
    """``roles/``."""

    queryset = Role.objects.none()
    filterset_class = RoleFilter
    required_scope = Scope.ADMIN

    @call("roles", "List the roles", name="roles_list", answer=RoleSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Roles are shared by all projects."""
        return self.listed(Role.objects.all(), RoleSerializer)

    @call(
        "roles",
        "Create a role",
        name="roles_create",
        body=NewRoleSerializer,
        answer=RoleSerializer,
        status=201,
        scope=Scope.ADMIN,
    )
    def post(self, request: Request) -> Response:
        """Needs the portal permission ``manage_people``."""
        role = create_role(**self.body(NewRoleSerializer), by=self.caller)
        return Response(RoleSerializer(role).data, status=201)


class RoleView(Endpoint):
    """``roles/{slug}/``."""

    required_scope = Scope.ADMIN

    @call("roles", "Read a role", name="roles_read", answer=RoleSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """With its verbs."""
        return Response(RoleSerializer(_role(slug)).data)

    @call(
        "roles",
        "Change a role",
        name="roles_change",
        body=RoleChangesSerializer,
        answer=RoleSerializer,
        scope=Scope.ADMIN,
    )
    def patch(self, request: Request, slug: str) -> Response:
        """Needs the portal permission ``manage_people``; holds at once for everybody who has the role."""
        role = _role(slug)
        changed = change_role(role, **self.body(RoleChangesSerializer), by=self.caller)
        return Response(RoleSerializer(changed).data)


def _role(slug: str) -> Role:
    return one(Role.objects.filter(slug=slug), f"no role {slug}")
