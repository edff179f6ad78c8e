"""Evidence packs for machines: ask, wait, fetch."""

from collections.abc import Mapping
from typing import Any, Final

from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import APIException, NotFound, PermissionDenied, ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from audit.api.strict import Strict
from audit.packs.download import download
from audit.packs.errors import PackNotAllowed, PackNotReady, PackRefused
from audit.packs.models import Pack
from audit.packs.request import ensure_may_have, request_pack
from audit.packs.scope import (
    LONGEST_PURPOSE,
    MOST_NAMED,
    MOST_SAMPLES,
    USUAL_SAMPLES,
    Mode,
    Scope,
)
from audit.reach import reach_of

_LARGEST: Final = 2**63 - 1


class NotReady(APIException):
    """There is no file yet."""

    status_code = 409
    default_code = "wrong_moment"


class _Number(serializers.IntegerField):
    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=1, max_value=_LARGEST, **options)


class NewPackSerializer(Strict):
    """What the pack is to hold; nothing is everything that you may read."""

    project = serializers.CharField(
        required=False, allow_null=True, max_length=63, help_text="Its slug."
    )
    environment = serializers.CharField(
        required=False, allow_null=True, max_length=63, help_text="Its name, in the project."
    )
    change_requests = serializers.ListField(
        child=_Number(), required=False, allow_null=True, min_length=1, max_length=MOST_NAMED
    )
    since = serializers.DateTimeField(required=False, allow_null=True, help_text="Included.")
    until = serializers.DateTimeField(required=False, allow_null=True, help_text="Not included.")
    control = serializers.CharField(
        required=False,
        allow_null=True,
        max_length=90,
        help_text="A control whose checks go into the pack, such as `soc2/CC8.1`.",
    )
    mode = serializers.ChoiceField(
        [str(mode) for mode in Mode],
        required=False,
        help_text="`full`: with every entry of the log.",
    )
    samples = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=MOST_SAMPLES,
        help_text=f"{USUAL_SAMPLES} unless told.",
    )
    sampled = serializers.ListField(
        child=_Number(), required=False, allow_null=True, min_length=1, max_length=MOST_SAMPLES,
        help_text="Change requests to be shown instead of drawn ones.",
    )  # fmt: skip
    purpose = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=LONGEST_PURPOSE,
        help_text="Stands in the pack.",
    )


class PackStepSerializer(serializers.Serializer[Any]):
    """How far one step of the building is."""

    title = serializers.CharField()
    done = serializers.IntegerField()
    total = serializers.IntegerField()


class PackSerializer(serializers.Serializer[Any]):
    """A pack; its file is at ``audit/packs/{id}/file/`` once it is ready."""

    id = serializers.IntegerField()
    state = serializers.ChoiceField(["waiting", "building", "ready", "failed"])
    scope = serializers.DictField()
    requested_by = serializers.CharField(source="requested_by.username")
    requested_at = serializers.DateTimeField(source="created_at")
    steps = PackStepSerializer(many=True)
    reason = serializers.CharField(help_text="Why it waits, or why it failed.")
    finished_at = serializers.DateTimeField(allow_null=True)
    sha256 = serializers.CharField(help_text="Of the file; empty until it is ready.")
    manifest_sha256 = serializers.CharField()
    size = serializers.IntegerField(allow_null=True)
    entries = serializers.IntegerField(allow_null=True)
    checkpoint_size = serializers.IntegerField(allow_null=True)


class PacksView(GenericAPIView[Pack]):
    """``audit/packs/``."""

    queryset = Pack.objects.none()
    required_scope = "read"

    @extend_schema(
        tags=["audit"],
        summary="List evidence packs",
        operation_id="audit_packs_list",
        responses={200: PackSerializer(many=True)},
        extensions={"x-scope": "read"},
    )
    def get(self, request: Request) -> Response:
        """Newest first; those whose whole content you may read."""
        visible = Pack.objects.within(reach_of(request.user)).select_related("requested_by")
        rows = self.paginate_queryset(visible) or []
        return self.get_paginated_response(PackSerializer(rows, many=True).data)

    @extend_schema(
        tags=["audit"],
        summary="Ask for an evidence pack",
        operation_id="audit_packs_request",
        request=NewPackSerializer,
        responses={201: PackSerializer},
        extensions={"x-scope": "read"},
    )
    def post(self, request: Request) -> Response:
        """A worker builds it. Needs ``view_audit`` in the project, or ``view_whole_audit``."""
        asked = NewPackSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            pack = request_pack(_scope(asked.validated_data), by=request.user)
        except PackNotAllowed as error:
            raise PermissionDenied(error.sentence) from error
        except PackRefused as error:
            raise ValidationError({error.field or "body": [error.sentence]}) from error
        return Response(PackSerializer(pack).data, status=201)


class PackView(GenericAPIView[Pack]):
    """``audit/packs/{id}/``."""

    queryset = Pack.objects.none()

    @extend_schema(
        tags=["audit"],
        summary="See how far a pack is",
        operation_id="audit_packs_read",
        responses={200: PackSerializer},
        extensions={"x-scope": "read"},
    )
    def get(self, request: Request, pk: int) -> Response:
        """Its state, its steps, and the hashes of its file."""
        return Response(PackSerializer(_visible(request, pk)).data)


class PackFileView(GenericAPIView[Pack]):
    """``audit/packs/{id}/file/``."""

    queryset = Pack.objects.none()

    @extend_schema(
        tags=["audit"],
        summary="Download a pack",
        operation_id="audit_packs_download",
        responses={
            (200, "application/zip"): OpenApiTypes.BINARY,
            409: OpenApiResponse(description="It is not ready."),
        },
        extensions={"x-scope": "read"},
    )
    def get(self, request: Request, pk: int) -> FileResponse:
        """The ZIP. Taking it away is an event."""
        found = _visible(request, pk)
        try:
            opened = download(found, by=request.user)
        except PackNotReady as error:
            raise NotReady(error.sentence) from error
        return FileResponse(
            opened, as_attachment=True, filename=found.file_name, content_type="application/zip"
        )


def _visible(request: Request, pk: int) -> Pack:
    reach = reach_of(request.user)
    found = None
    if pk <= _LARGEST:
        within = Pack.objects.within(reach).select_related("requested_by")
        found = within.filter(pk=pk).first()
    if found is None:
        raise NotFound(f"There is no pack {pk} that you may see.")
    try:
        ensure_may_have(found.wanted, reach)
    except PackNotAllowed as error:
        raise PermissionDenied(error.sentence) from error
    return found


def _scope(asked: Mapping[str, Any]) -> Scope:
    def numbers(name: str) -> tuple[int, ...] | None:
        listed = asked.get(name)
        return None if listed is None else tuple(listed)

    return Scope(
        project=asked.get("project"),
        environment=asked.get("environment"),
        change_requests=numbers("change_requests"),
        since=asked.get("since"),
        until=asked.get("until"),
        control=asked.get("control"),
        mode=Mode(asked.get("mode") or Mode.PART),
        samples=asked.get("samples", USUAL_SAMPLES),
        sampled=numbers("sampled"),
        purpose=asked.get("purpose", ""),
    )
