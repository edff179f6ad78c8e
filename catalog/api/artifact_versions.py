"""Artifact versions: what CI built, by digest."""

from functools import cache
from typing import Any, Final

from django import forms
from django.http import HttpResponse
from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.request import Request

from catalog.actions.register_artifact_version import register_artifact_version
from catalog.api.describe import call
from catalog.api.endpoint import Endpoint
from catalog.api.listing import UTC, Listing, checked
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
    source = SourceSerializer(required=False)  # type: ignore[assignment]  # a field's name that the base class uses otherwise


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
    source = SourceAsReadSerializer()  # type: ignore[assignment]  # a field's name that the base class uses otherwise
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
    def get(self, request: Request, slug: str) -> HttpResponse:
        """Newest first."""
        asked = checked(_form()(request.query_params))
        return self.fetched(LISTING.fetch([], {**asked, "of": self.project(slug).pk}))

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
    def post(self, request: Request, slug: str) -> HttpResponse:
        """Needs ``register_artifact`` there. The same label with another digest is refused with 409."""
        project = self.project(slug)
        fields = self.body(NewArtifactVersionSerializer)
        source = fields.pop("source", {})
        try:
            version, is_new = register_artifact_version(project, **fields, **source, by=self.caller)
        except DomainError as error:
            error.fields = {_as_sent(name): told for name, told in error.fields.items()}
            raise
        return self.written(document_of(version.pk), status=201 if is_new else 200)


class ArtifactVersionView(Endpoint):
    """``artifact-versions/{id}/``."""

    @call(
        "artifact versions",
        "Read an artifact version",
        name="artifact_versions_read",
        answer=ArtifactVersionSerializer,
    )
    def get(self, request: Request, pk: int) -> HttpResponse:
        """By its id."""
        if not ArtifactVersion.objects.visible_to(self.caller).filter(pk=pk).exists():
            raise NotFound(f"There is no artifact version {pk} that you may see.")
        return self.written(document_of(pk))


LISTING: Final = Listing(
    key="v.id",
    source="catalog_artifactversion v",
    document=f"""json_build_object(
        'id', v.id,
        'project', p.slug,
        'artifact', a.name,
        'kind', a.kind,
        'version', v.version,
        'digest', v.digest,
        'uri', v.uri,
        'source', json_build_object(
            'repository', v.repository, 'commit', v.commit, 'authors', v.authors,
            'build_url', v.build_url
        ),
        'registered_by', u.username,
        'registered_at', {UTC.format("v.registered_at")}
    )""",
    joins="""
        JOIN catalog_artifact a ON a.id = v.artifact_id
        JOIN catalog_project p ON p.id = a.project_id
        JOIN catalog_user u ON u.id = v.registered_by_id
    """,
    conditions={
        "one": "v.id = %(one)s",
        "of": "v.artifact_id IN (SELECT id FROM catalog_artifact WHERE project_id = %(of)s)",
        "artifact": "v.artifact_id IN (SELECT id FROM catalog_artifact WHERE name = %(artifact)s)",
        "kind": "v.artifact_id IN (SELECT id FROM catalog_artifact WHERE kind = %(kind)s)",
        "version": "v.version = %(version)s",
        "digest": "v.digest = %(digest)s",
    },
)


def document_of(pk: int) -> str:
    """Return the version as JSON."""
    return LISTING.fetch([], {"one": pk})("b", None, 1)[0][1]


@cache
def _form() -> type[forms.Form]:
    """Return django-filter's form; composing it anew takes longer than the query."""
    form: type[forms.Form] = ArtifactVersionFilter(
        queryset=ArtifactVersion.objects.none()
    ).get_form_class()
    return form


def _as_sent(name: str) -> str:
    return f"source.{name}" if name.partition("[")[0] in _IN_SOURCE else name
