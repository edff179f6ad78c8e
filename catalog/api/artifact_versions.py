"""Artifact versions: what CI built, by digest."""

from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.actions.register_artifact_version import register_artifact_version
from catalog.api.describe import call
from catalog.api.endpoint import Endpoint
from catalog.api.strict import Choice, StrictSerializer, Text
from catalog.errors import DomainError, NotFound
from catalog.models import ArtifactKind, ArtifactVersion
from catalog.models import TokenScope as Scope

_IN_SOURCE = ("repository", "commit", "authors", "build_url")


class AuthorSerializer(StrictSerializer):
    """Who wrote it: at least one of these."""

    name = Text(max_length=254, required=False, allow_blank=True, allow_null=True)
    email = Text(max_length=254, required=False, allow_blank=True, allow_null=True)
    login = Text(max_length=254, required=False, allow_blank=True, allow_null=True)


class SourceSerializer(StrictSerializer):
    """Where it came from. No authors means unknown, which production blocks by default."""

    repository = Text(max_length=500, required=False, allow_blank=True)
    commit = Text(max_length=64, required=False, allow_blank=True)
    authors = serializers.ListField(child=AuthorSerializer(), required=False, max_length=100)
    build_url = Text(max_length=500, required=False, allow_blank=True)


class NewArtifactVersionSerializer(StrictSerializer):
    """A version to register. The digest is its identity, the version a label that never moves."""

    artifact = Text(max_length=200)
    kind = Choice(ArtifactKind.choices)
    version = Text(max_length=128)
    digest = Text(max_length=71)
    uri = Text(max_length=500, required=False, allow_blank=True)
    source = SourceSerializer(required=False)  # type: ignore[assignment]


class SourceAsReadSerializer(serializers.Serializer[Any]):
    """Where it came from."""

    repository = serializers.CharField()
    commit = serializers.CharField()
    authors = serializers.ListField(child=serializers.DictField(child=serializers.CharField()))
    build_url = serializers.CharField()


class ArtifactVersionSerializer(serializers.Serializer[Any]):
    """One immutable state of an artifact."""

    id = serializers.IntegerField()
    project = serializers.CharField()
    artifact = serializers.CharField()
    kind = serializers.ChoiceField(ArtifactKind.choices)
    version = serializers.CharField()
    digest = serializers.CharField()
    uri = serializers.CharField()
    source = SourceAsReadSerializer()  # type: ignore[assignment]
    registered_by = serializers.CharField()
    registered_at = serializers.DateTimeField()


class ArtifactVersionFilter(filters.FilterSet):
    """Which versions."""

    artifact = filters.CharFilter("artifact__name")
    kind = filters.ChoiceFilter(field_name="artifact__kind", choices=ArtifactKind.choices)
    version = filters.CharFilter("version")
    digest = filters.CharFilter("digest")


class ArtifactVersionsView(Endpoint):
    """``projects/{slug}/artifact-versions/``."""

    queryset = ArtifactVersion.objects.none()
    filterset_class = ArtifactVersionFilter
    required_scope = Scope.ARTIFACTS

    @call(
        "artifact versions",
        "List the artifact versions of a project",
        name="artifact_versions_list",
        answer=ArtifactVersionSerializer(many=True),
    )
    def get(self, request: Request, slug: str) -> Response:
        """Newest first."""
        rows = ArtifactVersion.objects.filter(artifact__project=self.project(slug))
        return self.listed(in_columns(rows), document)

    @call(
        "artifact versions",
        "Register an artifact version",
        name="artifact_versions_register",
        body=NewArtifactVersionSerializer,
        answer=ArtifactVersionSerializer,
        status=201,
        also={200: "The same version was registered before; nothing changed."},
        scope=Scope.ARTIFACTS,
    )
    def post(self, request: Request, slug: str) -> Response:
        """Needs ``register_artifact`` there. The same label with another digest is refused with 409."""
        project = self.project(slug)
        fields = self.body(NewArtifactVersionSerializer)
        source = fields.pop("source", {})
        try:
            version, is_new = register_artifact_version(project, **fields, **source, by=self.caller)
        except DomainError as error:
            error.fields = {_as_sent(name): told for name, told in error.fields.items()}
            raise
        row = in_columns(ArtifactVersion.objects.filter(pk=version.pk)).get()
        return Response(document(row), status=201 if is_new else 200)


class ArtifactVersionView(Endpoint):
    """``artifact-versions/{id}/``."""

    @call(
        "artifact versions",
        "Read an artifact version",
        name="artifact_versions_read",
        answer=ArtifactVersionSerializer,
    )
    def get(self, request: Request, pk: int) -> Response:
        """By its id."""
        rows = ArtifactVersion.objects.visible_to(self.caller).filter(pk=pk)
        found = in_columns(rows).first()
        if found is None:
            raise NotFound(f"There is no artifact version {pk} that you may see.")
        return Response(document(found))


def in_columns(rows: QuerySet[ArtifactVersion]) -> QuerySet[ArtifactVersion, dict[str, Any]]:
    """Return what the document needs, as the database has it: one query, no object per row."""
    columns: QuerySet[ArtifactVersion, dict[str, Any]] = rows.values(
        "id",
        "version",
        "digest",
        "uri",
        *_IN_SOURCE,
        "registered_at",
        "artifact__project__slug",
        "artifact__name",
        "artifact__kind",
        "registered_by__username",
    )
    return columns


def document(row: dict[str, Any]) -> dict[str, Any]:
    """Return the version as the API shows it."""
    return {
        "id": row["id"],
        "project": row["artifact__project__slug"],
        "artifact": row["artifact__name"],
        "kind": row["artifact__kind"],
        "version": row["version"],
        "digest": row["digest"],
        "uri": row["uri"],
        "source": {name: row[name] for name in _IN_SOURCE},
        "registered_by": row["registered_by__username"],
        "registered_at": row["registered_at"],
    }


def _as_sent(name: str) -> str:
    return f"source.{name}" if name.partition("[")[0] in _IN_SOURCE else name
