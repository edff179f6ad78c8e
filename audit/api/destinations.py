"""Where the log is sent, for machines: set up, pause, test, send again."""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import APIException, NotFound, PermissionDenied, ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from audit.reach import reach_of
from audit.streaming.actions.ask_for_test import ask_for_test
from audit.streaming.actions.change import change_destination
from audit.streaming.actions.create import create_destination
from audit.streaming.actions.pause import LONGEST_REASON, pause_destination
from audit.streaming.actions.remove import remove_destination
from audit.streaming.actions.resume import resume_destination
from audit.streaming.actions.send_again import MOST_NAMED, send_again
from audit.streaming.errors import (
    StreamingNotAllowed,
    StreamingRefused,
    StreamingWrongMoment,
)
from audit.streaming.lag import Lag, lags
from audit.streaming.models import (
    BodyLayout,
    DeadLetter,
    Destination,
    DestinationKind,
    RecordFormat,
)
from audit.streaming.rule import ensure_may_stream
from audit.streaming.wanted import LONGEST_NAME, LONGEST_URL, Wanted

T = TypeVar("T")

_LARGEST: Final = 2**63 - 1
_LONGEST_FILE: Final = 100
_SCOPE: Final = {"x-scope": "admin"}
_SECRET: Final = "Name of a file in STREAMING_SECRETS_DIR, never its content."  # noqa: S105 -- a sentence, no secret


class WrongMoment(APIException):
    """It makes sense, but not now."""

    status_code = 409
    default_code = "wrong_moment"


class _Strict(serializers.Serializer[Any]):
    """Refuses fields that it does not know."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the checked values."""
        if isinstance(data, Mapping) and (
            unknown := sorted(set(map(str, data)) - set(self.fields))
        ):
            raise ValidationError({name: ["There is no such field here."] for name in unknown})
        return super().to_internal_value(data)


class LagSerializer(serializers.Serializer[Any]):
    """How far behind the signed log it is."""

    entries = serializers.IntegerField()
    seconds = serializers.FloatField(help_text="Age of the oldest entry that it lacks.")
    dead_letters = serializers.IntegerField()


class TestSerializer(serializers.Serializer[Any]):
    """The last test record."""

    asked_at = serializers.DateTimeField(source="test_asked_at", allow_null=True)
    done_at = serializers.DateTimeField(source="test_done_at", allow_null=True)
    succeeded = serializers.BooleanField(source="test_succeeded", allow_null=True)
    result = serializers.CharField(source="test_result")


class DestinationSerializer(serializers.Serializer[Any]):
    """A destination. Of a webhook's address only the host is shown: its path may be a secret."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(DestinationKind.choices)
    format = serializers.ChoiceField(RecordFormat.choices)
    layout = serializers.ChoiceField(BodyLayout.choices)
    place = serializers.CharField()
    signing_secret = serializers.CharField()
    authorization_secret = serializers.CharField()
    ca_file = serializers.CharField()
    certificate_file = serializers.CharField()
    key_file = serializers.CharField()
    is_paused = serializers.BooleanField()
    paused_because = serializers.CharField()
    next_index = serializers.IntegerField(help_text="Every entry below it was acknowledged.")
    delivered = serializers.IntegerField()
    delivered_at = serializers.DateTimeField(allow_null=True)
    failures = serializers.IntegerField(help_text="Calls in a row that came to nothing.")
    trouble = serializers.CharField(help_text="Why the last one did; empty if it did not.")
    not_before = serializers.DateTimeField(allow_null=True)
    test = TestSerializer(source="*")
    lag = serializers.SerializerMethodField()

    @extend_schema_field(LagSerializer)
    def get_lag(self, destination: Destination) -> Any:
        """Return the lag, which the view looked up for all rows at once."""
        behind: dict[int, Lag] = self.context["lags"]
        return LagSerializer(behind.get(destination.pk, Lag())).data


class _SetUpSerializer(_Strict):
    format = serializers.ChoiceField(RecordFormat.choices, required=False)
    layout = serializers.ChoiceField(BodyLayout.choices, required=False)
    url = serializers.CharField(
        required=False, allow_blank=True, max_length=LONGEST_URL, help_text="Of a webhook."
    )
    host = serializers.CharField(required=False, allow_blank=True, max_length=253)
    port = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=65_535,
        help_text="6514 unless told.",
    )
    file_name = serializers.CharField(
        required=False, allow_blank=True, max_length=_LONGEST_FILE, help_text="In STREAMING_ROOT."
    )
    signing_secret = serializers.CharField(
        required=False, allow_blank=True, max_length=_LONGEST_FILE, help_text=_SECRET
    )
    authorization_secret = serializers.CharField(
        required=False, allow_blank=True, max_length=_LONGEST_FILE, help_text=_SECRET
    )
    ca_file = serializers.CharField(
        required=False, allow_blank=True, max_length=_LONGEST_FILE, help_text=_SECRET
    )
    certificate_file = serializers.CharField(
        required=False, allow_blank=True, max_length=_LONGEST_FILE, help_text=_SECRET
    )
    key_file = serializers.CharField(
        required=False, allow_blank=True, max_length=_LONGEST_FILE, help_text=_SECRET
    )


class NewDestinationSerializer(_SetUpSerializer):
    """A destination to set up: ``url`` for a webhook, ``host`` for syslog, ``file_name`` for a file."""

    name = serializers.CharField(max_length=LONGEST_NAME)
    kind = serializers.ChoiceField(DestinationKind.choices)
    start = serializers.ChoiceField(
        ["beginning", "now"],
        required=False,
        help_text="`beginning`, with the log's first entry, unless told.",
    )


class DestinationChangesSerializer(_SetUpSerializer):
    """What is to change; what is not named stays. The kind never changes."""

    name = serializers.CharField(max_length=LONGEST_NAME, required=False)


class PauseSerializer(_Strict):
    """Why nothing is to be sent."""

    why = serializers.CharField(max_length=LONGEST_REASON)


class SendAgainSerializer(_Strict):
    """Which dead letters; all of them unless told."""

    indexes = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=_LARGEST),
        required=False,
        min_length=1,
        max_length=MOST_NAMED,
    )


class SentAgainSerializer(serializers.Serializer[Any]):
    """How many are sent again."""

    count = serializers.IntegerField()


class DeadLetterSerializer(serializers.Serializer[Any]):
    """An entry that the destination refused for good."""

    index = serializers.IntegerField()
    type = serializers.CharField(source="event_type")
    reason = serializers.CharField()
    tries = serializers.IntegerField()
    refused_at = serializers.DateTimeField()
    again_at = serializers.DateTimeField(allow_null=True)


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
        _ensure_may_look(request)
        rows = self.paginate_queryset(Destination.objects.order_by("-pk")) or []
        return self.get_paginated_response(_shown(rows))

    @extend_schema(
        tags=["audit"],
        summary="Send the log to a further place",
        operation_id="audit_destinations_create",
        request=NewDestinationSerializer,
        responses={201: DestinationSerializer},
        extensions=_SCOPE,
    )
    def post(self, request: Request) -> Response:
        """For administrators of the portal. The streamer begins within a second."""
        _ensure_may_change(request)
        asked = _asked(NewDestinationSerializer, request)
        from_now = asked.pop("start", "") == "now"
        wanted = Wanted(name=asked["name"], kind=asked["kind"]).with_changes(dict(asked))
        made = _done(lambda: create_destination(wanted, from_now=from_now, by=request.user))
        return Response(_shown([made])[0], status=201)


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
        return Response(_shown([_visible(request, pk)])[0])

    @extend_schema(
        tags=["audit"],
        summary="Change a destination",
        operation_id="audit_destinations_change",
        request=DestinationChangesSerializer,
        responses={200: DestinationSerializer},
        extensions=_SCOPE,
    )
    def patch(self, request: Request, pk: int) -> Response:
        """What it lacks is then sent to where it is now, at once."""
        found = _changeable(request, pk)
        changes = dict(_asked(DestinationChangesSerializer, request))
        changed = _done(lambda: change_destination(found.pk, changes, by=request.user))
        return Response(_shown([changed])[0])

    @extend_schema(
        tags=["audit"],
        summary="Remove a destination",
        operation_id="audit_destinations_remove",
        request=None,
        responses={204: None},
        extensions=_SCOPE,
    )
    def delete(self, request: Request, pk: int) -> Response:
        """How far it had come is forgotten; what the place has, it keeps."""
        found = _changeable(request, pk)
        _done(lambda: remove_destination(found.pk, by=request.user))
        return Response(status=204)


class DestinationPauseView(GenericAPIView[Destination]):
    """``audit/destinations/{id}/pause/``."""

    queryset = Destination.objects.none()

    @extend_schema(
        tags=["audit"],
        summary="Pause a destination",
        operation_id="audit_destinations_pause",
        request=PauseSerializer,
        responses={200: DestinationSerializer},
        extensions=_SCOPE,
    )
    def post(self, request: Request, pk: int) -> Response:
        """Nothing is lost: what is recorded meanwhile is sent when it is resumed."""
        found = _changeable(request, pk)
        why = _asked(PauseSerializer, request)["why"]
        return Response(
            _shown([_done(lambda: pause_destination(found.pk, why=why, by=request.user))])[0]
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
        extensions=_SCOPE,
    )
    def post(self, request: Request, pk: int) -> Response:
        """Where it stopped, and at once."""
        found = _changeable(request, pk)
        return Response(_shown([_done(lambda: resume_destination(found.pk, by=request.user))])[0])


class DestinationTestView(GenericAPIView[Destination]):
    """``audit/destinations/{id}/test/``."""

    queryset = Destination.objects.none()

    @extend_schema(
        tags=["audit"],
        summary="Send a test record",
        operation_id="audit_destinations_test",
        request=None,
        responses={202: DestinationSerializer},
        extensions=_SCOPE,
    )
    def post(self, request: Request, pk: int) -> Response:
        """The streamer sends it; ``test`` of the destination says what came of it."""
        found = _changeable(request, pk)
        asked = _done(lambda: ask_for_test(found.pk, by=request.user))
        return Response(_shown([asked])[0], status=202)


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
        """The newest first, without those that arrived since."""
        letters = _visible(request, pk).dead_letters.open().order_by("-pk")
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
        extensions=_SCOPE,
    )
    def post(self, request: Request, pk: int) -> Response:
        """What is refused again stays a dead letter."""
        found = _changeable(request, pk)
        indexes = _asked(SendAgainSerializer, request).get("indexes")
        count = _done(lambda: send_again(found.pk, indexes=indexes, by=request.user))
        return Response(SentAgainSerializer({"count": count}).data, status=202)


def _ensure_may_look(request: Request) -> None:
    if not reach_of(request.user).whole:
        raise NotFound("Where the log is sent, see those who may read the whole log.")


def _visible(request: Request, pk: int) -> Destination:
    _ensure_may_look(request)
    found = Destination.objects.filter(pk=pk).first() if pk <= _LARGEST else None
    if found is None:
        raise NotFound(f"There is no destination {pk}.")
    return found


def _ensure_may_change(request: Request) -> None:
    _done(lambda: ensure_may_stream(request.user))


def _changeable(request: Request, pk: int) -> Destination:
    """Return what is to be changed; whoever may not is told so before anything else."""
    _ensure_may_change(request)
    return _visible(request, pk)


def _asked(serializer: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    asked = serializer(data=request.data)
    asked.is_valid(raise_exception=True)
    values: Mapping[str, Any] = asked.validated_data
    return dict(values)


def _done(deed: Callable[[], T]) -> T:
    try:
        return deed()
    except StreamingNotAllowed as error:
        raise PermissionDenied(error.sentence) from error
    except StreamingWrongMoment as error:
        raise WrongMoment(error.sentence) from error
    except StreamingRefused as error:
        raise ValidationError({error.field or "body": [error.sentence]}) from error


def _shown(destinations: list[Destination]) -> Any:
    context = {"lags": lags(destinations)}
    return DestinationSerializer(destinations, many=True, context=context).data
