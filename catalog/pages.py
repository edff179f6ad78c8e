"""What every page's view is made of: somebody signed in, an action's answer on its form, a list by pages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from http import HTTPStatus
from typing import Any, Concatenate, Final, Generic, ParamSpec, TypeVar, cast

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.module_loading import import_string

from catalog.errors import DomainError, InvalidInput
from catalog.models import User

P = ParamSpec("P")
Result = TypeVar("Result")
Row = TypeVar("Row")

PAGE_SIZE: Final = 25
_LARGEST_KEY: Final = 2**63 - 1


class PageRequest(HttpRequest):
    """A request of somebody who is signed in."""

    user: User


def signed_in(
    view: Callable[Concatenate[PageRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Let people in who have signed in; the others are led to the sign-in and back."""

    @wraps(view)
    def of_anybody(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        return view(cast("PageRequest", request), *args, **kwargs)

    return cast("Callable[Concatenate[HttpRequest, P], HttpResponse]", login_required(of_anybody))


# ── forms and the actions behind them ───────────────────────────────────────────────────────────────


def status_of(refusal: DomainError) -> int:
    """Return the status of a refusal on a page: as in the API, but a refused form is 422."""
    if isinstance(refusal, InvalidInput):
        return HTTPStatus.UNPROCESSABLE_ENTITY
    table = import_string(settings.STATUS_OF_REFUSAL)
    return int(table(type(refusal)))


@dataclass
class Attempt(Generic[Result]):
    """How sending a form went: a result, or the status with which the form is shown again."""

    result: Result | None = None
    status: int = HTTPStatus.OK
    refusal: DomainError | None = None


def attempt(form: forms.BaseForm, act: Callable[[], Result]) -> Attempt[Result]:
    """Call the action if the form holds what it should; what either refuses stands on the form."""
    if not form.is_bound:
        return Attempt()
    if not form.is_valid():
        return Attempt(status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        return Attempt(result=act())
    except DomainError as refusal:
        blame(form, refusal)
        return Attempt(status=status_of(refusal), refusal=refusal)


def blame(form: forms.BaseForm, refusal: DomainError) -> None:
    """Put the refusal's sentences at the fields they are about, or above all fields."""
    placed = False
    for name, sentences in refusal.fields.items():
        if name in form.fields:
            placed = True
            for sentence in sentences:
                form.add_error(name, sentence)
    if not placed:
        form.add_error(None, refusal.sentence)


def show_form(
    request: HttpRequest, template: str, form: forms.BaseForm, status: int, **context: Any
) -> HttpResponse:
    """Draw the page of a form."""
    return render(request, template, {"form": form, **context}, status=status)


# ── lists by pages ──────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Shown(Generic[Row]):
    """One page of a list, newest first, with the addresses of its neighbours (empty: there is none)."""

    rows: list[Row]
    newer_url: str = ""
    older_url: str = ""


def by_pages(
    request: HttpRequest, rows: "QuerySet[Any, Row]", *, size: int = PAGE_SIZE
) -> Shown[Row]:
    """Return the page that the request asks for, by key: one query, the same cost at any depth.

    ``?before=KEY`` and ``?after=KEY`` say where it begins; anything else begins with the newest.
    """
    before, after = _key(request.GET.get("before")), _key(request.GET.get("after"))
    if after is not None:
        found = list(rows.filter(pk__gt=after).order_by("pk")[: size + 1])
        more, found = len(found) > size, found[:size]
        found.reverse()
        newer, older = more, True
    else:
        older_rows = rows if before is None else rows.filter(pk__lt=before)
        found = list(older_rows.order_by("-pk")[: size + 1])
        older, newer = len(found) > size, before is not None
        found = found[:size]
    if not found:
        return Shown([])
    first, last = cast("Any", found[0]).pk, cast("Any", found[-1]).pk
    return Shown(
        found,
        newer_url=with_query(request, after=first, before=None) if newer else "",
        older_url=with_query(request, before=last, after=None) if older else "",
    )


def with_query(request: HttpRequest, **changes: object) -> str:
    """Return the page's own query with some members changed; None takes one out."""
    query = request.GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value is not None:
            query[name] = str(value)
    return f"?{query.urlencode()}"


def _key(value: str | None) -> int | None:
    if value is None or not value.isascii() or not value.isdigit():
        return None
    return min(int(value[:19]), _LARGEST_KEY)


def first_of(data: Mapping[str, Any], *names: str) -> dict[str, str]:
    """Return what a link may put into a form to begin with."""
    return {name: str(data[name]) for name in names if data.get(name)}
