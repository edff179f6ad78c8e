"""The audit log for machines: what happened, in order, each with its sentence."""

import re
from typing import Any, Final

from django.db.models import OuterRef, Subquery
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from audit.api.reach import readable_by
from audit.models import Disclosure, Event
from audit.sentences import ERASED, sentence_of

PAGE: Final = 50
LARGEST_PAGE: Final = 500
_NUMBER: Final = re.compile(r"[0-9]{1,18}")

# An event may become visible after one with a higher id, whose transaction was shorter. A reader that
# went on from the higher one would miss it, so nothing is shown that an unfinished transaction may precede.
_NOTHING_MAY_STILL_COME_BEFORE: Final = (
    "(audit_event.xid < pg_snapshot_xmin(pg_current_snapshot())"
    " OR audit_event.xid = pg_current_xact_id_if_assigned())"
)

_DISCLOSED: Final = Subquery(Disclosure.objects.filter(event_id=OuterRef("pk")).values("values"))


class ActorSerializer(serializers.Serializer[Any]):
    """Who acted: the pseudonym that the log holds, and the name while it is disclosed."""

    id = serializers.CharField()
    name = serializers.CharField()


class EventSerializer(serializers.Serializer[Any]):
    """One thing that happened."""

    id = serializers.IntegerField()
    uid = serializers.UUIDField()
    type = serializers.CharField()
    sentence = serializers.CharField()
    recorded_at = serializers.DateTimeField()
    actor = ActorSerializer()
    outcome = serializers.CharField()
    project = serializers.CharField(allow_null=True)
    stream = serializers.CharField()
    stream_seq = serializers.IntegerField()
    object = serializers.DictField()
    data = serializers.DictField()  # type: ignore[assignment]
    leaf_hash = serializers.CharField(help_text="SHA-256(0x00 || entry), hexadecimal.")


class EntrySerializer(EventSerializer):
    """An event with the very bytes that were hashed."""

    entry = serializers.CharField()


class EventPageSerializer(serializers.Serializer[Any]):
    """A page; ``next`` is null at the end of what there is now."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(
        allow_null=True, help_text="Always null: the log is read forwards."
    )
    results = EventSerializer(many=True)


class EventFilter(filters.FilterSet):
    """Which events."""

    project = filters.CharFilter("project")
    stream = filters.CharFilter("stream")
    type = filters.CharFilter("type")
    actor = filters.CharFilter("actor")


class EventsView(GenericAPIView[Event]):
    """``audit/events/``."""

    queryset = Event.objects.none()
    pagination_class = None

    @extend_schema(
        tags=["audit"],
        summary="Read what happened",
        operation_id="audit_events_list",
        parameters=[
            OpenApiParameter("project", str, description="Its slug."),
            OpenApiParameter("stream", str, description="Such as `change-request/12`."),
            OpenApiParameter("type", str, description="Such as `releases.approved`."),
            OpenApiParameter("actor", str, description="The pseudonym of who acted."),
            OpenApiParameter("after", int, description="The id of the last event that you have."),
            OpenApiParameter(
                "page_size",
                int,
                description=f"How many, at most {LARGEST_PAGE}; {PAGE} unless told.",
            ),
        ],
        responses={200: EventPageSerializer},
        extensions={"x-scope": "read"},
    )
    def get(self, request: Request) -> Response:
        """Oldest first; needs ``view_audit`` in a project, or the portal permission ``view_whole_audit``."""
        asked = request.query_params
        size = min(_number(asked.get("page_size"), "page_size", PAGE) or PAGE, LARGEST_PAGE)
        events = readable_by(request.user, asked.get("project"))
        events = events.filter(pk__gt=_number(asked.get("after"), "after", 0))
        found = EventFilter(asked, queryset=events)
        if not found.is_valid():
            raise ValidationError(found.errors)
        settled = found.qs.extra(where=[_NOTHING_MAY_STILL_COME_BEFORE]).defer("entry")  # noqa: S610
        listed = list(settled.annotate(disclosed=_DISCLOSED).order_by("pk")[: size + 1])
        page = listed[:size]
        return Response(
            {
                "next": _after(request, page[-1]) if len(listed) > size else None,
                "previous": None,
                "results": [document(event) for event in page],
            }
        )


class EventView(GenericAPIView[Event]):
    """``audit/events/{id}/``."""

    queryset = Event.objects.none()

    @extend_schema(
        tags=["audit"],
        summary="Read one event with its entry",
        operation_id="audit_events_read",
        responses={200: EntrySerializer},
        extensions={"x-scope": "read"},
    )
    def get(self, request: Request, pk: int) -> Response:
        """``entry`` is the text whose bytes were hashed; what it says is what counts."""
        found = readable_by(request.user).filter(pk=pk).annotate(disclosed=_DISCLOSED).first()
        if found is None:
            raise NotFound(f"There is no event {pk} that you may read.")
        return Response(document(found) | {"entry": bytes(found.entry).decode()})


def document(event: Any) -> dict[str, Any]:
    """Return the event as the API shows it; it is annotated with its disclosure."""
    disclosed = {field: pair[1] for field, pair in (event.disclosed or {}).items()}
    return {
        "id": event.pk,
        "uid": event.uid,
        "type": event.type,
        "sentence": sentence_of(event, disclosed),
        "recorded_at": event.recorded_at,
        "actor": {"id": event.actor, "name": disclosed.get("actor", ERASED)},
        "outcome": event.facts.get("outcome", ""),
        "project": event.project,
        "stream": event.stream,
        "stream_seq": event.stream_seq,
        "object": event.facts.get("object", {}),
        "data": event.facts.get("data", {}),
        "leaf_hash": bytes(event.leaf_hash).hex(),
    }


def _number(asked: str | None, name: str, default: int) -> int:
    if asked is None:
        return default
    if not _NUMBER.fullmatch(asked):
        raise ValidationError({name: ["Give a whole number."]})
    return int(asked)


def _after(request: Request, event: Event) -> str:
    return str(replace_query_param(request.build_absolute_uri(), "after", event.pk))
