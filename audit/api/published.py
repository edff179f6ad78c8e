"""The published log over REST: checkpoint and tiles in the paths of tlog-tiles, and proofs.

Whoever has a token may read the checkpoint and the hashes, which say nothing about anybody. The entries are
for those who may read the whole log.
"""

import re
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions, serializers
from rest_framework.generics import GenericAPIView
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response

from audit.actions.record_reading import Way, record_reading
from audit.api.reach import readable_by
from audit.models import Checkpoint, Event, Tree
from audit.reach import reach_of
from audit.sealing import NotSealed, log_files, note_of, proof_of
from audit.tlog.checkpoints import to_base64
from audit.tlog.errors import Malformed
from audit.tlog.tiles import Tile

PROBLEM: Final = "application/problem+json"
TEXT: Final = "text/plain; charset=utf-8"
_FOR_EVER: Final = "private, max-age=31536000, immutable"
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,17}")


class NotYet(exceptions.APIException):
    """It will be there in a moment."""

    status_code = HTTPStatus.CONFLICT
    wait = 1


class NotHere(exceptions.APIException):
    """The files cannot be read by this process."""

    status_code = HTTPStatus.SERVICE_UNAVAILABLE
    default_detail = (
        "The published log cannot be read here. Whether the signer runs, /readyz and its log say."
    )


class WhateverIsAccepted(DefaultContentNegotiation):
    """There is one form; problems are JSON."""

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[Any, str]:
        """Choose the only one."""
        return renderers[0], renderers[0].media_type


class PublishedView(GenericAPIView[Event]):
    """Base of these views."""

    queryset = Event.objects.none()
    pagination_class = None
    content_negotiation_class = WhateverIsAccepted


class CheckpointView(PublishedView):
    """``audit/log/checkpoint``."""

    @extend_schema(
        tags=["audit"],
        summary="Read the newest signed checkpoint",
        operation_id="audit_log_checkpoint",
        responses={(200, "text/plain"): OpenApiTypes.STR},
        extensions={"x-scope": "read"},
    )
    def get(self, request: Request) -> HttpResponse:
        """A C2SP checkpoint with the log's signature and the cosignatures of its witnesses."""
        newest = Checkpoint.objects.filter(origin__in=Tree.objects.values("origin"))
        found = newest.order_by("-size").first()
        if found is None:
            raise exceptions.NotFound("Nothing has been signed yet.")
        headers = {"Cache-Control": "no-cache"}
        return HttpResponse(bytes(note_of(found)), content_type=TEXT, headers=headers)


class TileView(PublishedView):
    """``audit/log/tile/{tile}``."""

    @extend_schema(
        tags=["audit"],
        summary="Read a tile of the log",
        operation_id="audit_log_tile",
        parameters=[
            OpenApiParameter(
                "tile",
                str,
                OpenApiParameter.PATH,
                description="`<level>/<index>[.p/<width>]` or `entries/<index>[.p/<width>]`, as "
                "c2sp.org/tlog-tiles has it.",
            )
        ],
        responses={
            (200, "application/octet-stream"): OpenApiTypes.BINARY,
            (503, PROBLEM): OpenApiTypes.OBJECT,
        },
        extensions={"x-scope": "read"},
    )
    def get(self, request: Request, tile: str) -> HttpResponse:
        """Hashes are for everybody; entries need the portal permission ``view_whole_audit``."""
        try:
            wanted = Tile.of_path(f"tile/{tile}")
        except Malformed as error:
            raise exceptions.NotFound(f"{tile!r:.80} is no tile of a log.") from error
        if wanted.level is None and not reach_of(request.user).whole:
            raise exceptions.PermissionDenied(
                "The entries of the whole log are read by those with the portal permission view_whole_audit."
            )
        try:
            data = log_files().exact(wanted)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise exceptions.NotFound(f"The log has no {wanted.path} now.") from error
        except OSError as error:
            raise NotHere from error
        if wanted.level is None:
            record_reading(Way.ENTRY_FILES, by=request.user)
        headers = {"Cache-Control": _FOR_EVER}
        return HttpResponse(data, content_type="application/octet-stream", headers=headers)


class ProofView(PublishedView):
    """``audit/events/{uid}/proof``."""

    @extend_schema(
        tags=["audit"],
        summary="Prove that an event is in the log",
        operation_id="audit_events_proof",
        responses={
            (200, "text/plain"): OpenApiTypes.STR,
            (409, PROBLEM): OpenApiTypes.OBJECT,
            (503, PROBLEM): OpenApiTypes.OBJECT,
        },
        extensions={"x-scope": "read"},
    )
    def get(self, request: Request, uid: UUID) -> HttpResponse:
        """A C2SP ``.tlog-proof``; 409 for about a second after the event. Verifies without us, offline."""
        event = readable_by(request.user).filter(uid=uid).first()
        if event is None:
            raise exceptions.NotFound(f"There is no event {uid} that you may read.")
        try:
            proof = proof_of(event)
        except NotSealed as error:
            raise NotYet(str(error)) from error
        except OSError as error:
            raise NotHere from error
        name = f'attachment; filename="{uid}.tlog-proof"'
        return HttpResponse(proof, content_type=TEXT, headers={"Content-Disposition": name})


class TreeSerializer(serializers.Serializer[Any]):
    """A size of the log, and what was signed over it."""

    size = serializers.IntegerField()
    checkpoint = serializers.CharField(
        allow_null=True, help_text="Null if none was signed at this size."
    )


class ConsistencySerializer(serializers.Serializer[Any]):
    """A proof that the later tree holds the earlier one unchanged."""

    origin = serializers.CharField()
    earlier = TreeSerializer()
    later = TreeSerializer()
    hashes = serializers.ListField(
        child=serializers.CharField(), help_text="RFC 6962, section 2.1.2; base64."
    )


class ConsistencyView(PublishedView):
    """``audit/log/consistency``."""

    @extend_schema(
        tags=["audit"],
        summary="Prove that the log only grew between two checkpoints",
        operation_id="audit_log_consistency",
        parameters=[
            OpenApiParameter(
                "from", int, required=True, description="The earlier size, at least 1."
            ),
            OpenApiParameter(
                "to", int, description="The later size; the newest signed one unless told."
            ),
        ],
        responses={200: ConsistencySerializer, (503, PROBLEM): OpenApiTypes.OBJECT},
        extensions={"x-scope": "read"},
    )
    def get(self, request: Request) -> Response:
        """Between any two sizes up to the newest signed one."""
        newest = Checkpoint.objects.filter(origin__in=Tree.objects.values("origin"))
        signed = newest.order_by("-size").first()
        if signed is None:
            raise exceptions.NotFound("Nothing has been signed yet.")
        later = _size(request, "to", signed.size, least=1, most=signed.size)
        earlier = _size(request, "from", None, least=1, most=later)
        try:
            path = log_files().consistency_path(earlier, later)
        except OSError as error:
            raise NotHere from error
        notes = {each.size: each for each in newest.filter(size__in=[earlier, later])}
        return Response(
            {
                "origin": signed.origin,
                "earlier": _tree(earlier, notes.get(earlier)),
                "later": _tree(later, notes.get(later)),
                "hashes": [to_base64(each) for each in path],
            }
        )


def _tree(size: int, checkpoint: Checkpoint | None) -> dict[str, Any]:
    return {"size": size, "checkpoint": bytes(note_of(checkpoint)).decode() if checkpoint else None}


def _size(request: Request, name: str, default: int | None, *, least: int, most: int) -> int:
    asked = request.query_params.get(name)
    if asked is None and default is not None:
        return default
    if asked is None or not _NUMBER.fullmatch(asked) or not least <= int(asked) <= most:
        raise exceptions.ValidationError({name: [f"Give a whole number from {least} to {most}."]})
    return int(asked)
