"""The audit log as people read it. Reading leaves no event."""

from http import HTTPStatus
from typing import Any, Final

import orjson
from django import forms
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from audit.addresses import address_of
from audit.forms import EventFilter
from audit.log import LogPage, events_within, page_of, page_with_words
from audit.models import Event
from audit.reach import Reach, reach_of
from audit.sealing import sealing_of
from audit.sentences import with_sentences
from audit.times import in_utc

LARGEST_ID: Final = 2**63 - 1
SECOND_ROW: Final = ("type", "outcome", "since", "until", "order")
"""Filters that are folded away until one of them is used."""


@require_safe
@login_required
def events(request: HttpRequest) -> HttpResponse:
    """``/audit/``: the log, filtered."""
    reach = reach_of(request.user)
    asked = EventFilter(reach, request.GET)
    context = {
        "filter": asked,
        "reach": reach,
        "is_filtered": any(request.GET.get(name) for name in asked.fields),
        "has_more": any(request.GET.get(name) for name in SECOND_ROW),
    }
    if not asked.is_valid():
        page, status = LogPage([]), HTTPStatus.UNPROCESSABLE_ENTITY
    else:
        page, status = _page(request, reach, asked.cleaned_data), HTTPStatus.OK
    context |= {"log": page, "entries": _with_addresses(page.events), **_neighbours(request, page)}
    return render(request, "audit/events.html", context, status=status)


@require_safe
@login_required
def stream(request: HttpRequest, name: str) -> HttpResponse:
    """``/audit/streams/<name>/``: everything about one thing, in its dense order."""
    visible = events_within(reach_of(request.user), {"stream": name})
    page = page_of(visible, oldest_first=True, **_asked_for(request))
    if not page.events:
        raise Http404
    context = {
        "stream": name,
        "log": page,
        "entries": _with_addresses(page.events),
        "address": address_of(page.events[0]),
        "label": page.events[0].facts["object"]["label"],
        **_neighbours(request, page),
    }
    return render(request, "audit/stream.html", context)


@require_safe
@login_required
def event(request: HttpRequest, pk: int) -> HttpResponse:
    """``/audit/events/<pk>/``: one event, down to the bytes that were hashed."""
    found = _readable(request, pk)
    [shown] = with_sentences([found])
    raw = bytes(shown.entry)
    context = {
        "event": shown,
        "address": address_of(shown),
        "entry": orjson.dumps(orjson.loads(raw), option=orjson.OPT_INDENT_2).decode(),
        "size": len(raw),
        "leaf_hash": bytes(shown.leaf_hash).hex(),
        "recorded_at": in_utc(shown.recorded_at),
        "command": f"(printf '\\000'; cat {_file_name(shown)}) | sha256sum",
        "facts": shown.facts,
        "private": _private(shown),
        "previous": _neighbour(shown, -1),
        "next": _neighbour(shown, 1),
        "sealing": sealing_of([shown.pk])[shown.pk],
    }
    return render(request, "audit/event.html", context)


@require_safe
@login_required
def entry(request: HttpRequest, pk: int) -> HttpResponse:
    """``/audit/events/<pk>/entry/``: the bytes that were hashed, to be saved."""
    found = _readable(request, pk)
    name = _file_name(found)
    return HttpResponse(
        bytes(found.entry),
        content_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _file_name(found: Event) -> str:
    return f"event-{found.pk}.json"


def _page(request: HttpRequest, reach: Reach, wanted: dict[str, Any]) -> LogPage:
    found = events_within(reach, wanted)
    oldest_first = wanted["order"] == "log"
    start = _asked_for(request)
    if wanted["text"]:
        return page_with_words(
            found, wanted["text"], oldest_first=oldest_first, after=start["after"]
        )
    return page_of(found, oldest_first=oldest_first, **start)


def _asked_for(request: HttpRequest) -> dict[str, int | None]:
    """Return where the page begins; what is no id of ours begins at the beginning."""
    number = forms.IntegerField(min_value=0, max_value=LARGEST_ID, required=False)
    start: dict[str, int | None] = {}
    for name in ("after", "before"):
        try:
            start[name] = number.clean(request.GET.get(name))
        except forms.ValidationError:
            start[name] = None
    return start


def _neighbours(request: HttpRequest, page: LogPage) -> dict[str, str]:
    urls = {}
    for name, start in (("before", page.before), ("after", page.after)):
        query = request.GET.copy()
        query.pop("after", None)
        query.pop("before", None)
        query[name] = str(start)
        urls[f"{name}_url"] = f"{request.path}?{query.urlencode()}" if start is not None else ""
    return urls


def _with_addresses(found: list[Event]) -> list[tuple[Event, str]]:
    return [(one, address_of(one)) for one in found]


def _readable(request: HttpRequest, pk: int) -> Event:
    found = Event.objects.filter(pk=pk).first() if pk <= LARGEST_ID else None
    if found is None or not reach_of(request.user).includes(found.project):
        raise Http404
    return found


def _neighbour(found: Event, step: int) -> str:
    """Return the address of the event beside this one in its stream, if the reader may read it too."""
    beside = Event.objects.filter(
        stream=found.stream, stream_seq=found.stream_seq + step, project=found.project
    )
    pk = beside.values_list("pk", flat=True).first()
    return reverse("audit:event", args=[pk]) if pk else ""


def _private(found: Event) -> list[tuple[str, str, str]]:
    """Return the names and texts behind the entry's commitments, as far as they are not erased."""
    disclosed: dict[str, str] = found.disclosed  # type: ignore[attr-defined]  # by with_sentences
    commitments: dict[str, str] = found.facts.get("private", {})
    return [(name, disclosed.get(name, ""), said) for name, said in sorted(commitments.items())]
