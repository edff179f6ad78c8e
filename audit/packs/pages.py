"""Evidence packs for people: ask for one, watch it being built, take it away."""

from http import HTTPStatus
from typing import Any, Final

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from audit.packs.download import download
from audit.packs.errors import PackNotAllowed, PackNotReady, PackRefused
from audit.packs.forms import NewPackForm
from audit.packs.models import Pack, PackState
from audit.packs.request import ensure_may_have, request_pack
from audit.reach import Reach, reach_of

SHOWN: Final = 50
NOTHING_MORE: Final = 286
"""htmx stops asking at this status."""

ASKED_BY_ADDRESS: Final = ("project", "environment", "since", "until", "control")
"""What a link to the form may fill in."""

LOOKS: Final = {
    PackState.WAITING: ("neutral", "clock"),
    PackState.BUILDING: ("active", "loader-2"),
    PackState.READY: ("good", "circle-check"),
    PackState.FAILED: ("bad", "alert-octagon"),
}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def packs(request: HttpRequest) -> HttpResponse:
    """``/audit/packs/``: the newest packs, and a form that asks for another one."""
    reach = reach_of(request.user)
    if not reach.whole and not reach.projects:
        raise Http404
    if request.method != "POST":
        form = NewPackForm(
            reach, initial={name: request.GET.get(name) for name in ASKED_BY_ADDRESS}
        )
        return _listed(request, reach, form, HTTPStatus.OK)
    form = NewPackForm(reach, request.POST)
    if not form.is_valid():
        return _listed(request, reach, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        pack = request_pack(form.scope, by=request.user)
    except PackNotAllowed as error:
        messages.error(request, error.sentence)
        return _listed(request, reach, form, HTTPStatus.FORBIDDEN)
    except PackRefused as error:
        form.add_error(error.field if error.field in form.fields else None, error.sentence)
        return _listed(request, reach, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    messages.success(request, f"The {pack} is being built.")
    return redirect("audit:pack", pk=pack.pk)


@never_cache
@require_safe
@login_required
def pack(request: HttpRequest, pk: int) -> HttpResponse:
    """``/audit/packs/<pk>/``: how far it is, and the file when it is ready."""
    return render(request, "audit/packs/pack.html", _shown(_visible(request, pk)))


@never_cache
@require_safe
@login_required
def live(request: HttpRequest, pk: int) -> HttpResponse:
    """``/audit/packs/<pk>/live/``: the part of the page that changes."""
    found = _visible(request, pk)
    status = NOTHING_MORE if found.is_finished else HTTPStatus.OK
    return render(request, "audit/packs/live.html", _shown(found), status=status)


@never_cache
@require_safe
@login_required
def file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """``/audit/packs/<pk>/file/``: the ZIP. Taking it away is an event."""
    found = _visible(request, pk)
    try:
        opened = download(found, by=request.user)
    except PackNotReady as error:
        messages.error(request, error.sentence)
        return redirect("audit:pack", pk=pk)
    return FileResponse(
        opened, as_attachment=True, filename=found.file_name, content_type="application/zip"
    )


def _visible(request: HttpRequest, pk: int) -> Pack:
    """Return the pack, if the account may read everything that is in it."""
    reach = reach_of(request.user)
    found = Pack.objects.within(reach).select_related("requested_by").filter(pk=pk).first()
    if found is None:
        raise Http404
    try:
        ensure_may_have(found.wanted, reach)
    except PackNotAllowed as error:
        raise PermissionDenied(error.sentence) from error
    return found


def _listed(
    request: HttpRequest, reach: Reach, form: NewPackForm, status: HTTPStatus
) -> HttpResponse:
    visible = Pack.objects.within(reach).select_related("requested_by")[:SHOWN]
    rows = [{"pack": each, "look": LOOKS[PackState(each.state)]} for each in visible]
    return render(request, "audit/packs/packs.html", {"rows": rows, "form": form}, status=status)


def _shown(found: Pack) -> dict[str, Any]:
    tone, icon = LOOKS[PackState(found.state)]
    return {
        "pack": found,
        "sentence": found.wanted.sentence,
        "tone": tone,
        "icon": icon,
        "steps": _steps(found),
    }


def _steps(found: Pack) -> list[dict[str, Any]]:
    """Return the steps as the component for live steps shows them."""
    rows = []
    for number, step in enumerate(found.steps):
        is_last = number == len(found.steps) - 1
        state = "done"
        if is_last and found.state == PackState.BUILDING:
            state = "running"
        elif is_last and found.state == PackState.FAILED:
            state = "failed"
        detail = f"{step['done']:,} of {step['total']:,}" if step["total"] > 1 else ""
        rows.append({"name": step["title"], "state": state, "detail": detail, "seconds": None})
    return rows
