"""The compliance pages: how the controls of each framework stand, and the records behind it."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from audit.addresses import page_of
from audit.controls.answer import MOST_SHOWN, Answer, Departure, Result, Standing, answers
from audit.controls.catalogue import Framework, control_named, frameworks
from audit.controls.forms import QuestionForm
from audit.controls.question import Question, usual_since
from audit.reach import Reach, reach_of

LOOKS: Final = {
    Standing.MET: ("Met", "good", "circle-check"),
    Standing.EXCEPTIONS: ("Exceptions", "bad", "alert-octagon"),
    Standing.NOTHING: ("Nothing to show yet", "neutral", "circle-dashed"),
    Standing.NOT_COVERED: ("Not covered", "unknown", "circle-off"),
}
FIELDS: Final = ("project", "environment", "since", "until")


@dataclass(frozen=True)
class Shown:
    """A control with how it looks and where it leads."""

    answer: Answer
    url: str
    label: str
    tone: str
    icon: str


@never_cache
@require_safe
@login_required
def compliance(request: HttpRequest) -> HttpResponse:
    """``/audit/compliance/``: the controls of one framework, and how many of each stand in which way."""
    reach = _reach(request)
    form = _form(request, reach)
    listed = frameworks()
    chosen = next((each for each in listed if each.key == request.GET.get("framework")), listed[0])
    context: dict[str, Any] = {"form": form, "framework": chosen, "reset_url": request.path}
    status = HTTPStatus.OK
    if form.is_valid() and form.question is not None:
        every = _every(listed, form.question, reach)
        rows = [_shown(request, each) for each in every[chosen.key]]
        context |= {"rows": rows, "counts": _counts(every[chosen.key])}
    else:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    context["tabs"] = [
        {
            "label": each.title,
            "url": f"{request.path}?{_query(request, framework=each.key)}",
            "is_current": each is chosen,
        }
        for each in listed
    ]
    return render(request, "audit/controls/compliance.html", context, status=status)


@never_cache
@require_safe
@login_required
def control(request: HttpRequest, framework: str, name: str) -> HttpResponse:
    """``/audit/compliance/<framework>/<control>/``: what a control asks, and the records that show it."""
    reach = _reach(request)
    found = control_named(f"{framework}/{name}")
    if found is None:
        raise Http404
    form = _form(request, reach)
    of = next(each for each in frameworks() if each.key == found.framework)
    context: dict[str, Any] = {
        "control": found,
        "framework": of,
        "form": form,
        "reset_url": request.path,
        "crumbs": [
            ("Audit log", reverse("audit:events")),
            ("Compliance", reverse("audit:compliance")),
            (of.title, f"{reverse('audit:compliance')}?{_query(request, framework=of.key)}"),
        ],
    }
    status = HTTPStatus.OK
    if form.is_valid() and form.question is not None:
        [answer] = answers([found], form.question, whole=reach.whole, shown=MOST_SHOWN)
        context |= {
            "shown": _shown(request, answer),
            "results": [_result(each) for each in answer.results],
            "pack_url": f"{reverse('audit:packs')}?{_query(request, control=found.name)}",
        }
    else:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    return render(request, "audit/controls/control.html", context, status=status)


def _reach(request: HttpRequest) -> Reach:
    reach = reach_of(request.user)
    if not reach.whole and not reach.projects:
        raise Http404
    return reach


def _form(request: HttpRequest, reach: Reach) -> QuestionForm:
    """Return the form as it was sent, or with the usual period."""
    asked = {name: request.GET.get(name, "") for name in FIELDS}
    if not any(name in request.GET for name in FIELDS):
        asked["since"] = usual_since(timezone.now()).date().isoformat()
    return QuestionForm(reach, asked)


def _every(listed: tuple[Framework, ...], asked: Question, reach: Reach) -> dict[str, list[Answer]]:
    """Return the answers by framework; one query for all of them."""
    controls = [each for framework in listed for each in framework.controls]
    by_framework: dict[str, list[Answer]] = {each.key: [] for each in listed}
    for answer in answers(controls, asked, whole=reach.whole):
        by_framework[answer.control.framework].append(answer)
    return by_framework


def _counts(listed: list[Answer]) -> list[dict[str, Any]]:
    standings = [each.standing for each in listed]
    return [
        {"label": label, "tone": tone, "icon": icon, "count": standings.count(standing)}
        for standing, (label, tone, icon) in LOOKS.items()
    ]


def _shown(request: HttpRequest, answer: Answer) -> Shown:
    control = answer.control
    url = reverse("audit:control", args=[control.framework, control.id])
    query = _query(request)
    return Shown(answer, f"{url}?{query}" if query else url, *LOOKS[answer.standing])


def _result(result: Result) -> dict[str, Any]:
    label, tone, icon = LOOKS[result.standing]
    return {
        "result": result,
        "label": label,
        "tone": tone,
        "icon": icon,
        "exceptions": [_departure(each) for each in result.shown],
        "more": result.exceptions - len(result.shown),
    }


def _departure(departure: Departure) -> dict[str, str]:
    if departure.about == "log":
        url = reverse("audit:health")
    elif departure.about == "event":
        url = reverse("audit:event", args=[departure.id])
    else:
        url = page_of(departure.about, departure.id, departure.id)
    return {"url": url, "label": departure.label, "at": departure.at, "why": departure.why}


def _query(request: HttpRequest, **more: str) -> str:
    """Return the question as it stands in the address, with something more."""
    query = QueryDict(mutable=True)
    for name, value in more.items():
        query[name] = value
    for name in FIELDS:
        if name in request.GET:
            query[name] = request.GET[name]
    return query.urlencode()
