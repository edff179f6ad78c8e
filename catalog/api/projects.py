"""Projects."""

from typing import Any

from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.actions.change_project import change_project
from catalog.actions.create_project import create_project
from catalog.api.describe import call
from catalog.api.endpoint import Endpoint
from catalog.api.strict import Choice, StrictSerializer, Text
from catalog.models import Project, RiskTier
from catalog.models import TokenScope as Scope


class ProjectSerializer(serializers.Serializer[Any]):
    """What a team ships: software, models or both."""

    id = serializers.IntegerField()
    slug = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    risk_tier = serializers.ChoiceField(RiskTier.choices)
    created_at = serializers.DateTimeField()


class NewProjectSerializer(StrictSerializer):
    """A project to create; whoever creates it administers it."""

    slug = Text(max_length=63)
    name = Text(max_length=100)
    risk_tier = Choice(RiskTier.choices)
    description = Text(max_length=2000, required=False, allow_blank=True)


class ProjectChangesSerializer(StrictSerializer):
    """What is to change; what is not named stays."""

    name = Text(max_length=100, required=False)
    risk_tier = Choice(RiskTier.choices, required=False)
    description = Text(max_length=2000, required=False, allow_blank=True)


class ProjectFilter(filters.FilterSet):
    """Which projects."""

    class Meta:
        model = Project
        fields = ["slug", "risk_tier"]


class ProjectsView(Endpoint):
    """``projects/``."""

    queryset = Project.objects.none()
    filterset_class = ProjectFilter
    required_scope = Scope.ADMIN

    @call(
        "projects",
        "List the projects you may see",
        name="projects_list",
        answer=ProjectSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """Newest first."""
        return self.listed(Project.objects.visible_to(self.caller), ProjectSerializer)

    @call(
        "projects",
        "Create a project",
        name="projects_create",
        body=NewProjectSerializer,
        answer=ProjectSerializer,
        status=201,
        scope=Scope.ADMIN,
    )
    def post(self, request: Request) -> Response:
        """Needs the portal permission ``add_project``."""
        project = create_project(**self.body(NewProjectSerializer), by=self.caller)
        return Response(ProjectSerializer(project).data, status=201)


class ProjectView(Endpoint):
    """``projects/{slug}/``."""

    required_scope = Scope.ADMIN

    @call("projects", "Read a project", name="projects_read", answer=ProjectSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """Answer 404 for what you may not see."""
        return Response(ProjectSerializer(self.project(slug)).data)

    @call(
        "projects",
        "Change a project",
        name="projects_change",
        body=ProjectChangesSerializer,
        answer=ProjectSerializer,
        scope=Scope.ADMIN,
    )
    def patch(self, request: Request, slug: str) -> Response:
        """Needs ``manage_project`` there."""
        project = self.project(slug)
        changed = change_project(project, **self.body(ProjectChangesSerializer), by=self.caller)
        return Response(ProjectSerializer(changed).data)
