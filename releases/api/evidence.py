"""Evidence: reports about artifact versions and releases."""

from typing import Any

from django.db.models import QuerySet
from django.http import FileResponse, HttpResponse, HttpResponseNotModified
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.describe import call
from catalog.api.endpoint import Endpoint, one
from catalog.api.strict import Moment, StrictSerializer, Text
from catalog.models import ArtifactVersion
from catalog.models import TokenScope as Scope
from releases.actions.add_evidence import add_evidence
from releases.api.uploads import ReportParser, stream_of
from releases.attachments import open_report
from releases.errors import EvidenceRefused
from releases.models import Evidence, Release
from releases.outcomes import EvidenceOutcome


class EvidenceSerializer(serializers.Serializer[Any]):
    """A report: the hash of its bytes, and the facts that gates read from it."""

    id = serializers.IntegerField()
    kind = serializers.CharField()
    artifact_version = serializers.IntegerField(source="artifact_version_id", allow_null=True)
    release = serializers.IntegerField(source="release_id", allow_null=True)
    file_name = serializers.CharField()
    sha256 = serializers.CharField()
    size = serializers.IntegerField(help_text="In bytes.")
    outcome = serializers.ChoiceField([str(outcome) for outcome in EvidenceOutcome])
    summary = serializers.CharField()
    facts = serializers.DictField()
    parser_version = serializers.CharField()
    valid_until = serializers.DateTimeField(allow_null=True)
    added_by = serializers.CharField(source="added_by.username")
    added_at = serializers.DateTimeField()


class NewEvidenceSerializer(StrictSerializer):
    """A report to add: as multipart with a ``file``, or as JSON with a ``document``."""

    kind = Text(max_length=40, help_text="Such as junit, metrics or sarif.")
    file = serializers.FileField(required=False, allow_empty_file=True)
    document = serializers.JSONField(required=False)
    valid_until = Moment(required=False, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse both, and neither."""
        if ("file" in attrs) == ("document" in attrs):
            raise serializers.ValidationError(
                {"file": ["Send either a multipart file or, as JSON, a document."]}
            )
        return attrs


class EvidenceFilter(filters.FilterSet):
    """Which reports."""

    outcome = filters.ChoiceFilter(choices=[(str(word), str(word)) for word in EvidenceOutcome])

    class Meta:
        model = Evidence
        fields = ["kind", "sha256"]


class EvidenceOf(Endpoint):
    """The evidence about one thing."""

    queryset = Evidence.objects.none()
    filterset_class = EvidenceFilter
    parser_classes = [*Endpoint.parser_classes, ReportParser]
    required_scope = Scope.ARTIFACTS

    def page(self, rows: QuerySet[Evidence]) -> Response:
        """Answer with a page of it."""
        return self.listed(rows.select_related("added_by"), EvidenceSerializer)

    def add(self, about: ArtifactVersion | Release) -> Response:
        """Add the report in the body."""
        fields = self.body(NewEvidenceSerializer)
        stream, file_name = stream_of(fields)
        try:
            evidence = add_evidence(
                about,
                kind=fields["kind"],
                stream=stream,
                file_name=file_name,
                valid_until=fields.get("valid_until"),
                by=self.caller,
            )
        except EvidenceRefused as refusal:
            if "document" in fields and "file" in refusal.fields:
                refusal.fields["document"] = refusal.fields.pop("file")  # as its sender calls it
            raise
        return Response(EvidenceSerializer(evidence).data, status=201)


class VersionEvidenceView(EvidenceOf):
    """``artifact-versions/{id}/evidence/``."""

    @call(
        "evidence",
        "List the evidence about an artifact version",
        name="artifact_version_evidence_list",
        answer=EvidenceSerializer(many=True),
    )
    def get(self, request: Request, pk: int) -> Response:
        """Newest first; the newest of a kind counts."""
        return self.page(Evidence.objects.filter(artifact_version=self._about(pk)))

    @call(
        "evidence",
        "Add evidence about an artifact version",
        name="artifact_version_evidence_add",
        body=NewEvidenceSerializer,
        answer=EvidenceSerializer,
        status=201,
        scope=Scope.ARTIFACTS,
    )
    def post(self, request: Request, pk: int) -> Response:
        """Needs ``add_evidence`` in its project. Open change requests are evaluated again by themselves."""
        return self.add(self._about(pk))

    def _about(self, pk: int) -> ArtifactVersion:
        visible = ArtifactVersion.objects.visible_to(self.caller).select_related(
            "artifact__project"
        )
        return one(visible.filter(pk=pk), f"no artifact version {pk}")


class ReleaseEvidenceView(EvidenceOf):
    """``releases/{id}/evidence/``."""

    @call(
        "evidence",
        "List the evidence about a release",
        name="release_evidence_list",
        answer=EvidenceSerializer(many=True),
    )
    def get(self, request: Request, pk: int) -> Response:
        """Newest first; the newest of a kind counts."""
        return self.page(Evidence.objects.filter(release=self._about(pk)))

    @call(
        "evidence",
        "Add evidence about a release",
        name="release_evidence_add",
        body=NewEvidenceSerializer,
        answer=EvidenceSerializer,
        status=201,
        scope=Scope.ARTIFACTS,
    )
    def post(self, request: Request, pk: int) -> Response:
        """Needs ``add_evidence`` in its project. Open change requests are evaluated again by themselves."""
        return self.add(self._about(pk))

    def _about(self, pk: int) -> Release:
        visible = Release.objects.visible_to(self.caller).select_related("project")
        return one(visible.filter(pk=pk), f"no release {pk}")


class EvidenceView(Endpoint):
    """``evidence/{id}/``."""

    @call("evidence", "Read a report's facts", name="evidence_read", answer=EvidenceSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """By its id."""
        visible = Evidence.objects.visible_to(self.caller).select_related("added_by")
        return Response(EvidenceSerializer(one(visible.filter(pk=pk), f"no evidence {pk}")).data)


class RawEvidenceView(Endpoint):
    """``evidence/{id}/raw/``."""

    @extend_schema(
        tags=["evidence"],
        summary="Download a report's bytes",
        operation_id="evidence_download",
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
        extensions={"x-scope": "read"},
    )
    def get(self, request: Request, pk: int) -> HttpResponse | FileResponse:
        """As they came. The ETag is their SHA-256."""
        visible = Evidence.objects.visible_to(self.caller)
        evidence = one(visible.filter(pk=pk), f"no evidence {pk}")
        etag = f'"{evidence.sha256}"'
        if etag in request.headers.get("If-None-Match", ""):
            return HttpResponseNotModified(headers={"ETag": etag})
        # Always a download of no type: what somebody uploaded must never run as a page of this site.
        return FileResponse(
            open_report(evidence),
            as_attachment=True,
            filename=evidence.file_name or f"{evidence.kind}-{evidence.pk}",
            content_type="application/octet-stream",
            headers={"ETag": etag, "X-Content-Type-Options": "nosniff"},
        )
