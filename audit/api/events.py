"""The audit log for machines: what happened, in order, each with its sentence."""

import re
from collections.abc import Mapping
from typing import Any, Final

from django.db.models import F
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from audit.actions.record_reading import Way, record_reading
from audit.api.reach import readable_by
from audit.models import Event, EventQuerySet, Pending
from audit.parts import part_of
from audit.sentences import sentence_templates, with_sentences

PAGE: Final = 50
LARGEST_PAGE: Final = 500
_NUMBER: Final = re.compile(r"[0-9]{1,18}")
_PSEUDONYM: Final = re.compile(r"[a-z]+_[0-9a-f]+")


class ActorSerializer(serializers.Serializer[Any]):
    """Who acted: the pseudonym that the log holds, and the name while it is disclosed."""

    id = serializers.CharField()
    name = serializers.CharField()


class EventSerializer(serializers.Serializer[Any]):
    """One thing that happened."""

    id = serializers.IntegerField()
    index = serializers.IntegerField(
        allow_null=True, help_text="Its place in the log, counted from 0; null until it has one."
    )
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
    data = serializers.DictField()  # type: ignore[assignment]  # a field's name that the base class uses otherwise
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
            OpenApiParameter(
                "after", int, description="The `index` of the last event that you have."
            ),
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
        """In the order of the log; needs ``view_audit`` in a project, or ``view_whole_audit`` in the portal.

        What was recorded in the last moments and has no place yet comes last, with the index null.
        """
        asked = request.query_params
        size = min(_number(asked.get("page_size"), "page_size", PAGE) or PAGE, LARGEST_PAGE)
        after = _number(asked.get("after"), "after", -1)
        found = EventFilter(asked, queryset=readable_by(request.user, asked.get("project")))
        if not found.is_valid():
            raise ValidationError(found.errors)
        listed, more = _page(found.qs, after, size)
        body = {
            "next": _after(request, listed[-1]) if more else None,
            "previous": None,
            "results": [document(event) for event in with_sentences(listed)],
        }
        project = asked.get("project")
        record_reading(Way.API, by=request.user, wanted=_wanted(asked), project=project)
        return Response(body)


def _page(events: EventQuerySet, after: int, size: int) -> tuple[list[Any], bool]:
    """Return the events with the next indexes, and whether there are more; then those without one."""
    events = events.defer("entry").annotate(index=F("leaf__idx"))
    # A sequencer may be at work between two queries: what has no place is asked for first, so that what
    # gets one meanwhile is seen twice rather than not at all.
    waiting = list(events.filter(pk__in=Pending.objects.values("pk")).order_by("pk")[:size])
    placed = list(events.filter(leaf__idx__gt=after).order_by("leaf__idx")[: size + 1])
    seen = {event.pk for event in placed}
    rest = [event for event in waiting if event.pk not in seen]
    more = len(placed) > size
    return (placed[:size] if more else (placed + rest)[:size]), more


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
        found = readable_by(request.user).filter(pk=pk).annotate(index=F("leaf__idx")).first()
        if found is None:
            raise NotFound(f"There is no event {pk} that you may read.")
        with_sentences([found])
        body = document(found) | {"entry": bytes(found.entry).decode()}
        wanted = {"event": found.uid}
        record_reading(Way.API, by=request.user, wanted=wanted, project=found.project)
        return Response(body)


def document(event: Any) -> dict[str, Any]:
    """Return the event as the API shows it; it has its sentence, and is annotated with its index."""
    return {
        "id": event.pk,
        "index": event.index,
        "uid": event.uid,
        "type": event.type,
        "sentence": event.sentence,
        "recorded_at": event.recorded_at,
        "actor": {"id": event.actor, "name": event.actor_name},
        "outcome": event.facts.get("outcome", ""),
        "project": event.project,
        "stream": event.stream,
        "stream_seq": event.stream_seq,
        "object": part_of(event.facts, "object"),
        "data": part_of(event.facts, "data"),
        "leaf_hash": bytes(event.leaf_hash).hex(),
    }


def _wanted(asked: Mapping[str, str]) -> dict[str, str]:
    """Return what was asked for as the pages' filter says it, without what is no name of ours."""
    wanted = {name: asked[name] for name in ("project", "stream") if asked.get(name)}
    if asked.get("type") in sentence_templates():
        wanted["type"] = asked["type"]
    if _PSEUDONYM.fullmatch(asked.get("actor", "")):
        wanted["person"] = asked["actor"]
    return wanted


def _number(asked: str | None, name: str, default: int) -> int:
    if asked is None:
        return default
    if not _NUMBER.fullmatch(asked):
        raise ValidationError({name: ["Give a whole number."]})
    return int(asked)


def _after(request: Request, event: Any) -> str:
    return str(replace_query_param(request.build_absolute_uri(), "after", event.index))
