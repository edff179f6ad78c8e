"""How the log is: a page for people, numbers for machines."""

from http import HTTPStatus
from typing import Any, Final

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from audit.completeness.alarms import open_alarms
from audit.completeness.asking import MayNotAsk, ask_verification, is_asked_for
from audit.completeness.models import VerificationRun, WitnessStanding
from audit.completeness.progress import progress
from audit.completeness.reconciliation import reconcile
from audit.completeness.watch import signed_size
from audit.metrics import CONTENT_TYPE, exposition, may_read
from audit.models import Anchor, Event, Pending, Tree
from audit.reach import reach_of
from audit.witness.cosigned import witnessed_size

RUNS_SHOWN = 14
NOTHING_MORE: Final = 286
"""htmx stops asking at this status."""


@require_safe
@login_required
def health(request: HttpRequest) -> HttpResponse:
    """``/audit/health/``: for who reads the whole log. ``?compare`` counts tables and log as well."""
    if not reach_of(request.user).whole:
        raise Http404
    tree = Tree.objects.get()
    runs = list(VerificationRun.objects.order_by("-pk")[:RUNS_SHOWN])
    context = {
        "tree": tree,
        "root": bytes(tree.root).hex(),
        "pending": Pending.objects.count(),
        "signed": signed_size(tree.origin),
        "witnessed": witnessed_size(tree.origin),
        "alarms": open_alarms(),
        "runs": runs,
        "findings": runs[0].findings if runs else [],
        "witnesses": WitnessStanding.objects.order_by("label"),
        "anchor": Anchor.objects.select_related("checkpoint").order_by("-pk").first(),
        "newest": Event.objects.order_by("-pk").defer("entry", "facts").first(),
        "reconciled": reconcile() if "compare" in request.GET else None,
        **_verifying(),
    }
    return render(request, "audit/health.html", context)


@require_POST
@login_required
def verify(request: HttpRequest) -> HttpResponse:
    """``/audit/health/verify/``: ask for a verification of the whole log; a worker does it."""
    try:
        is_new = ask_verification(by=request.user)
    except MayNotAsk as error:
        raise Http404 from error
    sentence = "The whole log is being verified." if is_new else "It is asked for already."
    messages.success(request, sentence)
    return redirect("audit:health")


@require_safe
@never_cache
@login_required
def verifying(request: HttpRequest) -> HttpResponse:
    """``/audit/health/verifying/``: how far the verification is, for the page to ask again."""
    if not reach_of(request.user).whole:
        raise Http404
    context = _verifying()
    status = HTTPStatus.OK if context["is_verifying"] else NOTHING_MORE
    return render(request, "audit/verifying.html", context, status=status)


def _verifying() -> dict[str, Any]:
    return {
        "is_verifying": is_asked_for() or progress() is not None,
        "progress": progress(),
        "last": VerificationRun.objects.order_by("-pk").first(),
    }


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """``/metrics``: for a caller with METRICS_TOKEN, or on the same machine. Others find nothing here."""
    if not may_read(request):
        raise Http404
    try:
        return HttpResponse(exposition(), content_type=CONTENT_TYPE)
    except DatabaseError:
        return HttpResponse(
            "# The database does not answer.\n",
            status=HTTPStatus.SERVICE_UNAVAILABLE,
            content_type=CONTENT_TYPE,
        )
