"""Saved views: kept from the page of the log, used as links, renamed and deleted on a page of their own."""

from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Case, When
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from audit.forms import EventFilter
from audit.reach import Reach, reach_of
from audit.saved.changes import (
    SHARED_BY_PROJECT,
    NotShareable,
    NotYours,
    Sharing,
    ViewRefused,
    delete_view,
    rename_view,
    replace_view,
    save_view,
)
from audit.saved.models import SavedView, SavedViewQuerySet
from audit.saved.queries import query_of

SHOWN = 100
_LARGEST = 2**63 - 1
_DIGITS = 19


def views_for(request: HttpRequest, reach: Reach) -> list[dict[str, Any]]:
    """Return the views that the reader may use, as pages show them, their own first; one query."""
    return _rows(request, SavedView.objects.for_reader(request.user, reach))


def address_of_view(view: SavedView) -> str:
    """Return the log as the view filters it."""
    return f"{reverse('audit:events')}?{view.query}"


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def saved_views(request: HttpRequest) -> HttpResponse:
    """``/audit/views/``: those that one may use; a POST keeps the filter of the address under a name."""
    reach = reach_of(request.user)
    if not (reach.whole or reach.projects):
        raise Http404
    if request.method != "POST":
        return _listed(request, reach)
    asked = EventFilter(reach, request.GET)
    if not asked.is_valid():
        return _listed(request, reach, refused="That filter makes no sense; nothing is saved.")
    try:
        view = _kept(request, asked.cleaned_data["project"] or None)
    except ViewRefused as error:
        return _listed(request, reach, refused=str(error))
    seen_by = (
        f"Whoever reads the log of {view.project} sees it." if view.project else "Only you see it."
    )
    messages.success(request, f"The view “{view.name}” is saved. {seen_by}")
    return redirect(address_of_view(view))


def _kept(request: HttpRequest, project: str | None) -> SavedView:
    """Keep the filter of the address, which is of one project or of all: as a new view, or in an own one."""
    query = query_of(request.GET)
    chosen = request.POST.get("replace", "")
    if not chosen:
        share_with = project if "share" in request.POST else None
        return save_view(
            request.POST.get("name", ""), query, share_with=share_with, by=request.user
        )
    own = SavedView.objects.filter(owner=request.user.pk)
    view = own.filter(pk=chosen).first() if chosen.isdecimal() and len(chosen) < _DIGITS else None
    if view is None:
        raise ViewRefused("That view is not yours, or was deleted; nothing is saved.")
    sharing = _sharing(request.POST.get("sharing", ""), project)
    return replace_view(view, view.name, query, share_with=sharing, by=request.user)


def _sharing(chosen: str, project: str | None) -> str | Sharing | None:
    """Return with whom a replaced view is to be shared; unless somebody says so, as it was."""
    if chosen == "share" and project is None:
        raise NotShareable(SHARED_BY_PROJECT)
    known = {"": Sharing.AS_IT_IS, "share": project, "own": None}
    if chosen not in known:
        raise NotShareable("Say whom the view is to be shared with; nothing is saved.")
    return known[chosen]


@require_POST
@login_required
def saved_view(request: HttpRequest, pk: int) -> HttpResponse:
    """``/audit/views/<pk>/``: a POST renames it, or deletes it with ``delete``."""
    reach = reach_of(request.user)
    visible = SavedView.objects.for_reader(request.user, reach)
    view = visible.filter(pk=pk).first() if pk <= _LARGEST else None
    if view is None:
        raise Http404
    try:
        if "delete" in request.POST:
            delete_view(view, by=request.user)
            messages.success(request, f"The view “{view.name}” is deleted.")
        else:
            renamed = rename_view(view, request.POST.get("name", ""), by=request.user)
            messages.success(request, f"The view is called “{renamed.name}” now.")
    except NotYours as error:
        raise PermissionDenied(str(error)) from error
    except ViewRefused as error:
        return _listed(request, reach, refused=str(error))
    return redirect("audit:views")


def _listed(request: HttpRequest, reach: Reach, refused: str = "") -> HttpResponse:
    rows = _rows(request, SavedView.objects.for_reader(request.user, reach))
    status = HTTPStatus.UNPROCESSABLE_ENTITY if refused else HTTPStatus.OK
    context = {"rows": rows, "refused": refused}
    return render(request, "audit/views.html", context, status=status)


def _rows(request: HttpRequest, views: SavedViewQuerySet) -> list[dict[str, Any]]:
    own = Case(When(owner=request.user.pk, then=0), default=1)
    found = views.select_related("owner").order_by(own, "name", "pk")[:SHOWN]
    return [
        {"view": view, "url": address_of_view(view), "is_own": view.owner_id == request.user.pk}
        for view in found
    ]
