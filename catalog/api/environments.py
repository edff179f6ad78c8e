"""Environments of a project. One environment with what runs there is read in deployments."""

from typing import Any

from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.actions.create_environment import create_environment
from catalog.api.describe import call
from catalog.api.endpoint import Endpoint
from catalog.api.strict import Choice, StrictSerializer, Text, Whole
from catalog.models import Environment, Tier
from catalog.models import TokenScope as Scope

LAST_POSITION = 32767


class EnvironmentSerializer(serializers.Serializer[Any]):
    """A place a release can be put."""

    id = serializers.IntegerField()
    project = serializers.CharField(source="project.slug")
    name = serializers.CharField()
    tier = serializers.ChoiceField(Tier.choices)
    position = serializers.IntegerField()
    created_at = serializers.DateTimeField()


class NewEnvironmentSerializer(StrictSerializer):
    """An environment to add; without a position it comes last on the promotion path."""

    name = Text(max_length=63)
    tier = Choice(Tier.choices)
    position = Whole(min_value=0, max_value=LAST_POSITION, required=False)


class EnvironmentFilter(filters.FilterSet):
    """Which environments."""

    class Meta:
        model = Environment
        fields = ["name", "tier"]


class EnvironmentsView(Endpoint):
    """``projects/{slug}/environments/``."""

    queryset = Environment.objects.none()
    filterset_class = EnvironmentFilter
    required_scope = Scope.ADMIN

    @call(
        "environments",
        "List the environments of a project",
        name="environments_list",
        answer=EnvironmentSerializer(many=True),
    )
    def get(self, request: Request, slug: str) -> Response:
        """Newest first; ``position`` says where each is on the promotion path."""
        rows = Environment.objects.filter(project=self.project(slug)).select_related("project")
        return self.listed(rows, EnvironmentSerializer)

    @call(
        "environments",
        "Add an environment",
        name="environments_create",
        body=NewEnvironmentSerializer,
        answer=EnvironmentSerializer,
        status=201,
        scope=Scope.ADMIN,
    )
    def post(self, request: Request, slug: str) -> Response:
        """Needs ``manage_project`` there."""
        project = self.project(slug)
        environment = create_environment(
            project, **self.body(NewEnvironmentSerializer), by=self.caller
        )
        return Response(EnvironmentSerializer(environment).data, status=201)
