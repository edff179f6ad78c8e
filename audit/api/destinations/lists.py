"""Set destinations up, look at them, change them, remove them."""

from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from audit.api.destinations.rules import (
    TO_CHANGE,
    asked_for,
    changeable,
    done,
    ensure_may_change,
    ensure_may_look,
    shown,
    visible,
)
from audit.api.destinations.shapes import (
    DestinationChangesSerializer,
    DestinationSerializer,
    NewDestinationSerializer,
)
from audit.streaming.actions.change import change_destination
from audit.streaming.actions.create import create_destination
from audit.streaming.actions.remove import remove_destination
from audit.streaming.models import Destination
from audit.streaming.wanted import Wanted


class DestinationsView(GenericAPIView[Destination]):
    """``audit/destinations/``."""

    queryset = Destination.objects.none()

    @extend_schema(
        tags=["audit"],
        summary="List where the log is sent",
        operation_id="audit_destinations_list",
        responses={200: DestinationSerializer(many=True)},
        extensions={"x-scope": "read"},
    )
    def get(self, request: Request) -> Response:
        """With how far behind each is. Needs ``view_whole_audit``."""
        ensure_may_look(request)
        rows = self.paginate_queryset(Destination.objects.order_by("-pk")) or []
        return self.get_paginated_response(shown(rows))

    @extend_schema(
        tags=["audit"],
        summary="Send the log to a further place",
        operation_id="audit_destinations_create",
        request=NewDestinationSerializer,
        responses={201: DestinationSerializer},
        extensions=TO_CHANGE,
    )
    def post(self, request: Request) -> Response:
        """For administrators of the portal. The streamer begins within a second."""
        ensure_may_change(request)
        asked = asked_for(NewDestinationSerializer, request)
        from_now = asked.pop("start", "") == "now"
        wanted = Wanted(name=asked["name"], kind=asked["kind"]).with_changes(dict(asked))
        made = done(lambda: create_destination(wanted, from_now=from_now, by=request.user))
        return Response(shown([made])[0], status=201)


class DestinationView(GenericAPIView[Destination]):
    """``audit/destinations/{id}/``."""

    queryset = Destination.objects.none()

    @extend_schema(
        tags=["audit"],
        summary="Read a destination",
        operation_id="audit_destinations_read",
        responses={200: DestinationSerializer},
        extensions={"x-scope": "read"},
    )
    def get(self, request: Request, pk: int) -> Response:
        """How it is, and how far behind."""
        return Response(shown([visible(request, pk)])[0])

    @extend_schema(
        tags=["audit"],
        summary="Change a destination",
        operation_id="audit_destinations_change",
        request=DestinationChangesSerializer,
        responses={200: DestinationSerializer},
        extensions=TO_CHANGE,
    )
    def patch(self, request: Request, pk: int) -> Response:
        """What it lacks is then sent to where it is now, at once."""
        found = changeable(request, pk)
        changes = dict(asked_for(DestinationChangesSerializer, request))
        changed = done(lambda: change_destination(found.pk, changes, by=request.user))
        return Response(shown([changed])[0])

    @extend_schema(
        tags=["audit"],
        summary="Remove a destination",
        operation_id="audit_destinations_remove",
        request=None,
        responses={204: None},
        extensions=TO_CHANGE,
    )
    def delete(self, request: Request, pk: int) -> Response:
        """How far it had come is forgotten; what the place has, it keeps."""
        found = changeable(request, pk)
        done(lambda: remove_destination(found.pk, by=request.user))
        return Response(status=204)
