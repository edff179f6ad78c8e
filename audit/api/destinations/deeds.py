"""What may be done to one destination: pause, resume, test, replay."""

from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from audit.api.destinations.rules import TO_CHANGE, asked_for, changeable, done, shown
from audit.api.destinations.shapes import (
    DestinationSerializer,
    PauseSerializer,
    ReplaySerializer,
)
from audit.streaming.actions.ask_for_test import ask_for_test
from audit.streaming.actions.pause import pause_destination
from audit.streaming.actions.replay import replay_destination
from audit.streaming.actions.resume import resume_destination
from audit.streaming.models import Destination


class DestinationPauseView(GenericAPIView[Destination]):
    """``audit/destinations/{id}/pause/``."""

    queryset = Destination.objects.none()

    @extend_schema(
        tags=["audit"],
        summary="Pause a destination",
        operation_id="audit_destinations_pause",
        request=PauseSerializer,
        responses={200: DestinationSerializer},
        extensions=TO_CHANGE,
    )
    def post(self, request: Request, pk: int) -> Response:
        """Nothing is lost: what is recorded meanwhile is sent when it is resumed."""
        found = changeable(request, pk)
        why = asked_for(PauseSerializer, request)["why"]
        return Response(
            shown([done(lambda: pause_destination(found.pk, why=why, by=request.user))])[0]
        )


class DestinationResumeView(GenericAPIView[Destination]):
    """``audit/destinations/{id}/resume/``."""

    queryset = Destination.objects.none()

    @extend_schema(
        tags=["audit"],
        summary="Go on sending to a destination",
        operation_id="audit_destinations_resume",
        request=None,
        responses={200: DestinationSerializer},
        extensions=TO_CHANGE,
    )
    def post(self, request: Request, pk: int) -> Response:
        """Where it stopped, and at once."""
        found = changeable(request, pk)
        return Response(shown([done(lambda: resume_destination(found.pk, by=request.user))])[0])


class DestinationReplayView(GenericAPIView[Destination]):
    """``audit/destinations/{id}/replay/``."""

    queryset = Destination.objects.none()

    @extend_schema(
        tags=["audit"],
        summary="Send a part of the log again",
        operation_id="audit_destinations_replay",
        request=ReplaySerializer,
        responses={202: DestinationSerializer},
        extensions=TO_CHANGE,
    )
    def post(self, request: Request, pk: int) -> Response:
        """From an entry that it has on; the records come under the ids that they had."""
        found = changeable(request, pk)
        index = asked_for(ReplaySerializer, request)["from_index"]
        replayed = done(lambda: replay_destination(found.pk, from_index=index, by=request.user))
        return Response(shown([replayed])[0], status=202)


class DestinationTestView(GenericAPIView[Destination]):
    """``audit/destinations/{id}/test/``."""

    queryset = Destination.objects.none()

    @extend_schema(
        tags=["audit"],
        summary="Send a test record",
        operation_id="audit_destinations_test",
        request=None,
        responses={202: DestinationSerializer},
        extensions=TO_CHANGE,
    )
    def post(self, request: Request, pk: int) -> Response:
        """The streamer sends it; ``test`` of the destination says what came of it."""
        found = changeable(request, pk)
        asked = done(lambda: ask_for_test(found.pk, by=request.user))
        return Response(shown([asked])[0], status=202)
