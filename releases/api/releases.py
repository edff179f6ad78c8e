"""Releases: sealed sets of artifact versions."""

from typing import Any

from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.describe import call
from catalog.api.endpoint import Endpoint, one
from catalog.api.strict import StrictSerializer, Text, Whole
from catalog.models import TokenScope as Scope
from releases.actions.seal_release import MAX_ITEMS, seal_release
from releases.models import Release, ReleaseItem


class ReleaseItemSerializer(serializers.Serializer[Any]):
    """An artifact version in a release; ``id`` is the version's."""

    id = serializers.IntegerField(source="artifact_version_id")
    artifact = serializers.CharField(source="artifact_version.artifact.name")
    kind = serializers.CharField(source="artifact_version.artifact.kind")
    version = serializers.CharField(source="artifact_version.version")
    digest = serializers.CharField(source="artifact_version.digest")
    uri = serializers.CharField(source="artifact_version.uri")


class ReleaseSummarySerializer(serializers.Serializer[Any]):
    """A release in a list."""

    id = serializers.IntegerField()
    project = serializers.CharField(source="project.slug")
    version = serializers.CharField()
    content_digest = serializers.CharField()
    sealed_by = serializers.CharField(source="sealed_by.username")
    sealed_at = serializers.DateTimeField()


class ReleaseSerializer(ReleaseSummarySerializer):
    """A release; the same content has the same digest."""

    notes = serializers.CharField()
    items = serializers.SerializerMethodField()

    def get_items(self, release: Release) -> list[dict[str, Any]]:
        """Return what is in it, by artifact name; one query."""
        rows = ReleaseItem.objects.filter(release=release).select_related(
            "artifact_version__artifact"
        )
        ordered = rows.order_by("artifact_version__artifact__name")
        return [dict(item) for item in ReleaseItemSerializer(ordered, many=True).data]


class NewReleaseSerializer(StrictSerializer):
    """A release to seal: artifact versions of the project by their ids, each artifact once."""

    version = Text(max_length=128)
    artifact_versions = serializers.ListField(child=Whole(), max_length=MAX_ITEMS)
    notes = Text(max_length=20000, required=False, allow_blank=True)


class ReleaseFilter(filters.FilterSet):
    """Which releases."""

    class Meta:
        model = Release
        fields = ["version", "content_digest"]


class ReleasesView(Endpoint):
    """``projects/{slug}/releases/``."""

    queryset = Release.objects.none()
    filterset_class = ReleaseFilter
    required_scope = Scope.RELEASES

    @call(
        "releases",
        "List the releases of a project",
        name="releases_list",
        answer=ReleaseSummarySerializer(many=True),
    )
    def get(self, request: Request, slug: str) -> Response:
        """Newest first."""
        rows = Release.objects.filter(project=self.project(slug))
        return self.listed(rows.select_related("project", "sealed_by"), ReleaseSummarySerializer)

    @call(
        "releases",
        "Seal a release",
        name="releases_seal",
        body=NewReleaseSerializer,
        answer=ReleaseSerializer,
        status=201,
        scope=Scope.RELEASES,
    )
    def post(self, request: Request, slug: str) -> Response:
        """Needs ``seal_release`` there. A sealed release never changes."""
        project = self.project(slug)
        release = seal_release(project, **self.body(NewReleaseSerializer), by=self.caller)
        return Response(ReleaseSerializer(release).data, status=201)


class ReleaseView(Endpoint):
    """``releases/{id}/``."""

    @call("releases", "Read a release", name="releases_read", answer=ReleaseSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """With what is in it."""
        visible = Release.objects.visible_to(self.caller).select_related("project", "sealed_by")
        return Response(ReleaseSerializer(one(visible.filter(pk=pk), f"no release {pk}")).data)
