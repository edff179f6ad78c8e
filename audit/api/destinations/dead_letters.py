"""What a destination refused for good."""

from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from audit.api.destinations.rules import TO_CHANGE, asked_for, changeable, done, visible
from audit.api.destinations.shapes import (
    DeadLetterSerializer,
    DismissedSerializer,
    DismissSerializer,
    SendAgainSerializer,
    SentAgainSerializer,
)
from audit.streaming.actions.dismiss import dismiss_letters
from audit.streaming.actions.send_again import send_again
from audit.streaming.models import DeadLetter


class DeadLettersView(GenericAPIView[DeadLetter]):
    """``audit/destinations/{id}/dead-letters/``."""

    queryset = DeadLetter.objects.none()

    @extend_schema(
        tags=["audit"],
        summary="List what a destination refused",
        operation_id="audit_dead_letters_list",
        responses={200: DeadLetterSerializer(many=True)},
        extensions={"x-scope": "read"},
    )
    def get(self, request: Request, pk: int) -> Response:
        """The newest first, without those that arrived since or were dismissed."""
        letters = visible(request, pk).dead_letters.open().order_by("-pk")
        rows = self.paginate_queryset(letters) or []
        return self.get_paginated_response(DeadLetterSerializer(rows, many=True).data)


class SendAgainView(GenericAPIView[DeadLetter]):
    """``audit/destinations/{id}/dead-letters/send-again/``."""

    queryset = DeadLetter.objects.none()

    @extend_schema(
        tags=["audit"],
        summary="Offer refused entries once more",
        operation_id="audit_dead_letters_send_again",
        request=SendAgainSerializer,
        responses={202: SentAgainSerializer},
        extensions=TO_CHANGE,
    )
    def post(self, request: Request, pk: int) -> Response:
        """What is refused again stays a dead letter."""
        found = changeable(request, pk)
        indexes = asked_for(SendAgainSerializer, request).get("indexes")
        count = done(lambda: send_again(found.pk, indexes=indexes, by=request.user))
        return Response(SentAgainSerializer({"count": count}).data, status=202)


class DismissView(GenericAPIView[DeadLetter]):
    """``audit/destinations/{id}/dead-letters/dismiss/``."""

    queryset = DeadLetter.objects.none()

    @extend_schema(
        tags=["audit"],
        summary="Decide that a destination shall do without refused entries",
        operation_id="audit_dead_letters_dismiss",
        request=DismissSerializer,
        responses={200: DismissedSerializer},
        extensions=TO_CHANGE,
    )
    def post(self, request: Request, pk: int) -> Response:
        """They stay in the log; the decision and its reason are an event. A replay offers them again."""
        found = changeable(request, pk)
        asked = asked_for(DismissSerializer, request)
        count = done(
            lambda: dismiss_letters(
                found.pk, indexes=asked.get("indexes"), why=asked["why"], by=request.user
            )
        )
        return Response(DismissedSerializer({"count": count}).data)
