"""Where the log is sent, for people: administrators decide, whoever reads the whole log looks."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final, TypeVar

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit.reach import reach_of
from audit.streaming.actions.ask_for_test import ask_for_test
from audit.streaming.actions.change import change_destination
from audit.streaming.actions.create import create_destination
from audit.streaming.actions.dismiss import dismiss_letters
from audit.streaming.actions.pause import pause_destination
from audit.streaming.actions.remove import remove_destination
from audit.streaming.actions.replay import replay_destination
from audit.streaming.actions.resume import resume_destination
from audit.streaming.actions.send_again import send_again
from audit.streaming.errors import StreamingNotAllowed, StreamingRefused
from audit.streaming.forms import (
    LARGEST,
    DestinationForm,
    DismissForm,
    LetterForm,
    PauseForm,
    ReplayForm,
)
from audit.streaming.lag import Lag, lags
from audit.streaming.models import CONFIGURED, Destination, DestinationKind
from audit.streaming.rule import ensure_may_stream, may_stream
from audit.streaming.standing import standing_of
from audit.streaming.wanted import Wanted

F = TypeVar("F", bound=Form)

LETTERS_SHOWN: Final = 50
_CONTENT: Final = (
    ("webhook", "Signed webhook", "POSTs that your SIEM or a function of yours takes."),
    ("syslog", "Syslog over TLS", "RFC 5424 messages to a log server."),
    ("file", "File of JSON lines", "A file that an agent on this machine ships."),
)


@never_cache
@require_safe
@login_required
def destinations(request: HttpRequest) -> HttpResponse:
    """``/audit/destinations/``: all of them, and how far behind each is."""
    _ensure_may_look(request)
    found = list(Destination.objects.all())
    behind = lags(found)
    rows = [
        {
            "destination": each,
            "lag": behind[each.pk],
            "standing": standing_of(each, behind[each.pk]),
        }
        for each in found
    ]
    context = {"rows": rows, "may_change": may_stream(request.user), "kinds": _CONTENT}
    return render(request, "audit/streaming/destinations.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new(request: HttpRequest, kind: str) -> HttpResponse:
    """``/audit/destinations/new/<kind>/``: set up a further one."""
    _ensure_may_change(request)
    if kind not in DestinationKind.values:
        raise Http404
    if request.method != "POST":
        return _form(request, DestinationForm(kind, is_new=True), kind)
    form = DestinationForm(kind, request.POST, is_new=True)
    if not form.is_valid():
        return _form(request, form, kind)
    fields = form.cleaned_data
    from_now = fields.pop("start") == "now"
    wanted = Wanted(name="", kind=kind).with_changes(fields)
    try:
        made = create_destination(wanted, from_now=from_now, by=request.user)
    except StreamingRefused as error:
        return _form(request, _with_error(form, error), kind)
    messages.success(request, f"The log is sent to {made.name} from now on.")
    return redirect("audit:destination", pk=made.pk)


@never_cache
@require_safe
@login_required
def destination(request: HttpRequest, pk: int) -> HttpResponse:
    """``/audit/destinations/<pk>/``: how far it is, what it refused, and what can be done."""
    return _shown(request, _visible(request, pk))


@never_cache
@require_safe
@login_required
def live(request: HttpRequest, pk: int) -> HttpResponse:
    """``/audit/destinations/<pk>/live/``: the part of the page that changes."""
    found = _visible(request, pk)
    return render(request, "audit/streaming/live.html", _context(request, found))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """``/audit/destinations/<pk>/change/``: another address, another format."""
    _ensure_may_change(request)
    found = _visible(request, pk)
    if request.method != "POST":
        initial = {name: getattr(found, name) for name in CONFIGURED}
        return _form(
            request, DestinationForm(found.kind, initial=initial, is_new=False), found.kind, found
        )
    form = DestinationForm(found.kind, request.POST, is_new=False)
    if not form.is_valid():
        return _form(request, form, found.kind, found)
    try:
        changed = change_destination(pk, form.cleaned_data, by=request.user)
    except StreamingRefused as error:
        return _form(request, _with_error(form, error), found.kind, found)
    messages.success(request, f"The {changed} is set up anew.")
    return redirect("audit:destination", pk=pk)


@require_POST
@login_required
def pause(request: HttpRequest, pk: int) -> HttpResponse:
    """``/audit/destinations/<pk>/pause/``."""
    form = PauseForm(request.POST)
    why = form.cleaned_data["why"] if form.is_valid() else ""
    return _do(
        request, pk, lambda: pause_destination(pk, why=why, by=request.user), "It is paused."
    )


@require_POST
@login_required
def resume(request: HttpRequest, pk: int) -> HttpResponse:
    """``/audit/destinations/<pk>/resume/``."""
    return _do(request, pk, lambda: resume_destination(pk, by=request.user), "It goes on.")


@require_POST
@login_required
def replay(request: HttpRequest, pk: int) -> HttpResponse:
    """``/audit/destinations/<pk>/replay/``."""
    form = ReplayForm(request.POST, reached=0)
    index = form.cleaned_data["from_index"] if form.is_valid() else -1
    return _do(
        request,
        pk,
        lambda: replay_destination(pk, from_index=index, by=request.user),
        f"The log is sent there again from entry {index} on.",
    )


@require_POST
@login_required
def test(request: HttpRequest, pk: int) -> HttpResponse:
    """``/audit/destinations/<pk>/test/``."""
    return _do(
        request,
        pk,
        lambda: ask_for_test(pk, by=request.user),
        "A test record is sent; what comes of it stands below in a moment.",
    )


@require_POST
@login_required
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """``/audit/destinations/<pk>/again/``: one dead letter, or all."""
    indexes = _named(LetterForm(request.POST))
    return _do(
        request,
        pk,
        lambda: send_again(pk, indexes=indexes, by=request.user),
        "The refused entries are sent again.",
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def dismiss(request: HttpRequest, pk: int) -> HttpResponse:
    """``/audit/destinations/<pk>/dismiss/``: one dead letter, or all; asks why."""
    _ensure_may_change(request)
    found = _visible(request, pk)
    if request.method != "POST":
        return _ask_why(request, found, DismissForm(initial={"index": request.GET.get("index")}))
    form = DismissForm(request.POST)
    if not form.is_valid():
        return _ask_why(request, found, form)
    try:
        count = dismiss_letters(
            pk, indexes=_named(form), why=form.cleaned_data["why"], by=request.user
        )
    except StreamingRefused as error:
        return _ask_why(request, found, _with_error(form, error))
    noun = "entry" if count == 1 else "entries"
    messages.success(
        request, f"The {found} does without {count} {noun}. The log says who decided that."
    )
    return redirect("audit:destination", pk=pk)


@require_POST
@login_required
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """``/audit/destinations/<pk>/remove/``."""
    found = _visible(request, pk)
    answer = _do(
        request, pk, lambda: remove_destination(pk, by=request.user), f"The {found} is removed."
    )
    return answer if Destination.objects.filter(pk=pk).exists() else redirect("audit:destinations")


def _do(request: HttpRequest, pk: int, deed: Callable[[], Any], done: str) -> HttpResponse:
    """Do one thing to a destination and show it; what is refused is said there."""
    found = _visible(request, pk)
    try:
        deed()
    except StreamingNotAllowed as error:
        raise PermissionDenied(error.sentence) from error
    except StreamingRefused as error:
        messages.error(request, error.sentence)
        return _shown(request, found, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    messages.success(request, done)
    return redirect("audit:destination", pk=pk)


def _ensure_may_look(request: HttpRequest) -> None:
    if not reach_of(request.user).whole:
        raise Http404


def _ensure_may_change(request: HttpRequest) -> None:
    _ensure_may_look(request)
    try:
        ensure_may_stream(request.user)
    except StreamingNotAllowed as error:
        raise PermissionDenied(error.sentence) from error


def _visible(request: HttpRequest, pk: int) -> Destination:
    _ensure_may_look(request)
    found = Destination.objects.filter(pk=pk).first() if pk <= LARGEST else None
    if found is None:
        raise Http404
    return found


def _named(form: LetterForm) -> list[int] | None:
    """Return the entry that is named; none is all of them, and what is no number names nothing."""
    if not form.is_valid() and "index" in form.errors:
        return []
    index = form.cleaned_data["index"]
    return None if index is None else [index]


def _ask_why(request: HttpRequest, found: Destination, form: DismissForm) -> HttpResponse:
    index = form["index"].value()
    letters = found.dead_letters.open().filter(again_at=None)
    named = _named(LetterForm({"index": index}))
    if named is not None:
        letters = letters.filter(index__in=named)
    context = {
        "destination": found,
        "form": form,
        "letters": list(letters[:LETTERS_SHOWN]),
        "count": letters.count(),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "audit/streaming/dismiss.html", context, status=status)


def _with_error(form: F, error: StreamingRefused) -> F:
    form.add_error(error.field if error.field in form.fields else None, error.sentence)
    return form


def _form(
    request: HttpRequest, form: Form, kind: str, found: Destination | None = None
) -> HttpResponse:
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    context = {"form": form, "kind": DestinationKind(kind), "destination": found}
    return render(request, "audit/streaming/set_up.html", context, status=status)


def _shown(
    request: HttpRequest, found: Destination, *, status: int = HTTPStatus.OK
) -> HttpResponse:
    context = _context(request, found)
    return render(request, "audit/streaming/destination.html", context, status=status)


def _context(request: HttpRequest, found: Destination) -> dict[str, Any]:
    behind = lags([found]).get(found.pk, Lag())
    letters = list(found.dead_letters.open()[:LETTERS_SHOWN])
    return {
        "destination": found,
        "lag": behind,
        "standing": standing_of(found, behind),
        "letters": letters,
        "may_change": may_stream(request.user),
        "pause_form": PauseForm(),
        "replay_form": ReplayForm(reached=found.next_index),
    }
