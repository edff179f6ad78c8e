"""The audit log as people read it, which leaves an event an hour.

``?verify`` verifies what a page shows, now.
"""

from http import HTTPStatus
from typing import Any, Final

import orjson
from django import forms
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from audit.actions.record_reading import Way, record_reading
from audit.addresses import address_of
from audit.differences import differences_of, other_facts
from audit.forms import EventFilter
from audit.log import LogPage, events_within, found_within, page_of
from audit.models import Event
from audit.parts import part_of
from audit.proving import ProvenPage, prove, prove_all
from audit.reach import Reach, reach_of
from audit.saved.pages import views_for
from audit.saved.queries import query_of
from audit.sealing import NotSealed, proof_of, with_sealing
from audit.search.found import MOST_WAITING
from audit.sentences import with_sentences
from audit.times import in_utc

LARGEST_ID: Final = 2**63 - 1
SECOND_ROW: Final = ("type", "outcome", "seal", "stream", "since", "until", "order")
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
    if asked.is_valid():
        page, overlooked = _page(request, reach, asked.cleaned_data)
        status = HTTPStatus.OK
    else:
        page, overlooked, status = LogPage([]), False, HTTPStatus.UNPROCESSABLE_ENTITY
    views = views_for(request, reach)
    context |= {
        "log": page,
        "entries": _with_addresses(page.events),
        "overlooked": MOST_WAITING if overlooked else 0,
        "verified": _verified(request, page),
        "verify_url": _to_verify(request),
        "query": query_of(request.GET),
        "views": views,
        "own_views": [row for row in views if row["is_own"]],
        **_neighbours(request, page),
    }
    answer = render(request, "audit/events.html", context, status=status)
    if asked.is_valid() and (reach.whole or reach.projects):
        wanted = asked.cleaned_data
        _record_reading(request, wanted, wanted["project"] or None)
    return answer


@require_safe
@login_required
def stream(request: HttpRequest, name: str) -> HttpResponse:
    """``/audit/streams/<name>/``: everything about one thing, in its dense order."""
    visible = events_within(reach_of(request.user), {"stream": name})
    page = page_of([visible], oldest_first=True, **_asked_for(request))
    if not page.events:
        raise Http404
    context = {
        "stream": name,
        "log": page,
        "entries": _with_addresses(page.events),
        "address": address_of(page.events[0]),
        "label": part_of(page.events[0].facts, "object").get("label", name),
        "verified": _verified(request, page),
        "verify_url": _to_verify(request),
        **_neighbours(request, page),
    }
    answer = render(request, "audit/stream.html", context)
    _record_reading(request, {"stream": name}, page.events[0].project)
    return answer


@require_safe
@login_required
def event(request: HttpRequest, pk: int) -> HttpResponse:
    """``/audit/events/<pk>/``: one event, down to the bytes that were hashed."""
    found = _readable(request, pk)
    [shown] = with_sentences([found])
    with_sealing([shown])
    raw = bytes(shown.entry)
    context = {
        "event": shown,
        "address": address_of(shown),
        "entry": _indented(raw),
        "size": len(raw),
        "leaf_hash": bytes(shown.leaf_hash).hex(),
        "recorded_at": in_utc(shown.recorded_at),
        "command": f"(printf '\\000'; cat {_file_name(shown)}) | sha256sum",
        "facts": shown.facts,
        "private": _private(shown),
        "previous": _neighbour(shown, -1),
        "next": _neighbour(shown, 1),
        "differences": differences_of(shown.facts),
        "others": other_facts(shown.facts),
        "proven": prove(shown) if "verify" in request.GET else None,
    }
    answer = render(request, "audit/event.html", context)
    _record_reading(request, {"event": shown.uid}, shown.project)
    return answer


@require_safe
@login_required
def entry(request: HttpRequest, pk: int) -> HttpResponse:
    """``/audit/events/<pk>/entry/``: the bytes that were hashed, to be saved."""
    found = _readable(request, pk)
    name = _file_name(found)
    _record_reading(request, {"event": found.uid}, found.project)
    return HttpResponse(
        bytes(found.entry),
        content_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@require_safe
@login_required
def proof(request: HttpRequest, pk: int) -> HttpResponse:
    """``/audit/events/<pk>/proof/``: its ``.tlog-proof``, which verifies without us."""
    found = _readable(request, pk)
    try:
        proven = proof_of(found)
    except NotSealed as error:
        return _no_proof(request, found, str(error), HTTPStatus.CONFLICT)
    except OSError:
        sentence = "The published log cannot be read here, so no proof can be made of it now."
        return _no_proof(request, found, sentence, HTTPStatus.SERVICE_UNAVAILABLE)
    name = f'attachment; filename="{found.uid}.tlog-proof"'
    return HttpResponse(
        proven,
        content_type="text/plain; charset=utf-8",
        headers={"Content-Disposition": name},
    )


def _record_reading(request: HttpRequest, wanted: dict[str, Any], project: str | None) -> None:
    record_reading(Way.PAGES, by=request.user, wanted=wanted, project=project)


def _no_proof(request: HttpRequest, found: Event, sentence: str, status: int) -> HttpResponse:
    return render(request, "audit/no_proof.html", {"event": found, "why": sentence}, status=status)


def _verified(request: HttpRequest, page: LogPage) -> ProvenPage | None:
    wanted = "verify" in request.GET and page.events
    return ProvenPage(prove_all(page.events)) if wanted else None


def _to_verify(request: HttpRequest) -> str:
    query = request.GET.copy()
    query["verify"] = "1"
    return f"{request.path}?{query.urlencode()}"


def _file_name(found: Event) -> str:
    return f"event-{found.pk}.json"


def _page(request: HttpRequest, reach: Reach, wanted: dict[str, Any]) -> tuple[LogPage, bool]:
    """Return the page, and whether a search could not look at everything."""
    found = found_within(reach, wanted)
    page = page_of(found.parts, oldest_first=wanted["order"] == "log", **_asked_for(request))
    return page, found.overlooked


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
        query.pop("verify", None)
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


def _indented(entry: bytes) -> str:
    try:
        return orjson.dumps(orjson.loads(entry), option=orjson.OPT_INDENT_2).decode()
    except (TypeError, ValueError):  # what was recorded past the portal may be nested without end
        return entry.decode(errors="replace")


def _private(found: Event) -> list[tuple[str, str, str]]:
    """Return the names and texts behind the entry's commitments, as far as they are not erased."""
    disclosed: dict[str, str] = found.disclosed  # type: ignore[attr-defined]  # by with_sentences
    commitments = part_of(found.facts, "private")
    return [(name, disclosed.get(name, ""), said) for name, said in sorted(commitments.items())]
