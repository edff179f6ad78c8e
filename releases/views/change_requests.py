"""Lists of change requests, and the form that opens one."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property

from catalog.errors import InvalidInput
from catalog.models import Environment
from catalog.permissions import Permission, require
from catalog.views.page import FormPage, Page
from catalog.views.paging import Slice, slice_of
from catalog.views.projects import ProjectPage
from releases import rows
from releases.actions.submit import submit
from releases.forms.changes import NewRequestForm, RequestFilter
from releases.models import ChangeRequest, Release
from releases.rows import held_up_by, row_of
from releases.states import OPEN, ChangeRequestState

PAGE_SIZE = 25
MOST_RELEASES = 50
"""Releases to choose from; older ones have the button on their own page."""

LONGEST_KEY = 18
"""Digits of a row's number."""

_UNDER_WAY = [*sorted(OPEN), ChangeRequestState.DEPLOYING, ChangeRequestState.VERIFYING]


class AllChangeRequestsPage(Page):
    """``/change-requests/``: over all projects."""

    template_name = "releases/all_change_requests.html"

    def context(self) -> dict[str, Any]:
        """List them, newest first."""
        asked = RequestFilter(self.request.GET or None, environments=())
        visible = ChangeRequest.objects.visible_to(self.caller)
        return listed(self, visible, asked)


class ChangeRequestsPage(ProjectPage):
    """``/projects/<slug>/change-requests/``."""

    template_name = "releases/change_requests.html"
    tab = "releases:change-requests"

    def context(self) -> dict[str, Any]:
        """List them, newest first."""
        environments = list(self.project.environments.order_by("position"))
        asked = RequestFilter(self.request.GET or None, environments=environments)
        requests = ChangeRequest.objects.filter(project=self.project)
        return {
            **super().context(),
            **listed(self, requests, asked, with_risk=False),
            "may_submit": self.held.anywhere(Permission.SUBMIT_CHANGE),
        }


def listed(
    page: Page,
    requests: "QuerySet[ChangeRequest]",
    asked: RequestFilter,
    *,
    with_risk: bool = True,
) -> dict[str, Any]:
    """Return one page of a list of change requests, with its filter."""
    shown: Slice[Any] = slice_of(
        _matching(requests, asked),
        page.request,
        key="number",
        descending=True,
        size=PAGE_SIZE,
        read=rows.listed,
    )
    return {
        "shown": shown,
        "requests": [
            row_of(each, ask=held_up_by(each), with_risk=with_risk) for each in shown.rows
        ],
        "filter": asked,
        "reset_url": page.request.path,
    }


def _matching(
    requests: "QuerySet[ChangeRequest]", asked: RequestFilter
) -> "QuerySet[ChangeRequest]":
    if not asked.is_bound or not asked.is_valid():
        return requests
    state, environment = asked.cleaned_data["state"], asked.cleaned_data["environment"]
    if state == "open":
        requests = requests.filter(state__in=_UNDER_WAY)
    elif state:
        requests = requests.filter(state=state)
    return requests.filter(environment__name=environment) if environment else requests


class NewChangeRequest(FormPage, ProjectPage):
    """``/projects/<slug>/change-requests/new/``; ``?release=&environment=&kind=`` or ``?again=CR``."""

    template_name = "releases/change_request_form.html"

    @cached_property
    def environments(self) -> list[Environment]:
        """Those to which this account may ask for changes."""
        path = list(self.project.environments.order_by("position"))
        allowed = [each for each in path if self.held.may(Permission.SUBMIT_CHANGE, each.pk)]
        if path and not allowed:
            require(Permission.SUBMIT_CHANGE, self.caller, path[0])
        return allowed

    @cached_property
    def releases(self) -> list[Release]:
        """The newest ones, and the one that a link named."""
        newest = list(self.project.releases.order_by("-id")[:MOST_RELEASES])
        named = _key(self._wish.get("release") or self.request.POST.get("release"))
        if named is not None and named not in {each.pk for each in newest}:
            newest += self.project.releases.filter(pk=named)
        return newest

    @cached_property
    def _wish(self) -> dict[str, Any]:
        """Return what a link asked the form to begin with."""
        asked = self.request.GET
        again = _key(asked.get("again"))
        if again is not None:
            before = ChangeRequest.objects.filter(project=self.project, number=again).first()
            if before is not None:
                return {
                    "release": before.release_id,
                    "environment": before.environment_id,
                    "kind": before.kind,
                    "reason": before.reason,
                }
        names = ("release", "environment", "kind", "reason")
        return {name: asked[name] for name in names if asked.get(name)}

    def form(self, data: Any = None) -> NewRequestForm:
        """Return the form with what there is to choose from."""
        return NewRequestForm(
            data, releases=self.releases, environments=self.environments, initial=self._wish
        )

    def context(self) -> dict[str, Any]:
        """Show the form, or what has to be there first."""
        return {
            **super().context(),
            "releases": self.releases,
            "environments": self.environments,
            "cancel_url": reverse("portal:project", args=[self.project.slug]),
        }

    def act(self, fields: dict[str, Any]) -> HttpResponse:
        """Open it and go there."""
        release = next((each for each in self.releases if each.pk == fields["release"]), None)
        environment = next(
            (each for each in self.environments if each.pk == fields["environment"]), None
        )
        if release is None or environment is None:  # a choice that went while the form was open
            raise InvalidInput("This release or environment is not here any more. Choose again.")
        made = submit(
            release,
            environment,
            kind=fields["kind"],
            reason=fields["reason"],
            not_before=fields["not_before"],
            by=self.caller,
        )
        return redirect("portal:change-request", made.number)


def _key(typed: object) -> int | None:
    """Return the number of a row that a link or a form named, if it is one."""
    words = str(typed or "")
    return int(words) if words.isdecimal() and len(words) <= LONGEST_KEY else None
