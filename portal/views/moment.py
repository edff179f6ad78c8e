"""Environments as they were: choose a place and a time, and see what the log says."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from audit.actions.record_reading import Way
from audit.reach import Reach, reach_of
from catalog.errors import InvalidInput
from catalog.models import Environment
from catalog.views.page import Page
from catalog.views.projects import EnvironmentPart
from portal.moment.moment import moment_of
from portal.moment.reading import record_moment_read

EARLIER = (
    ("an hour", timedelta(hours=1)),
    ("a day", timedelta(days=1)),
    ("a week", timedelta(days=7)),
)


class _TimeForm(forms.Form):
    """When. Times are UTC, as in the log."""

    time = forms.DateTimeField(
        label="Time (UTC)",
        input_formats=[
            "%Y-%m-%dT%H:%M",
            "%Y-%m-%dT%H:%M:%S",
            "%Y-%m-%d %H:%M",
            "%Y-%m-%dT%H:%M:%SZ",
        ],
        widget=forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"}),
    )

    def clean_time(self) -> datetime:
        """Return the moment, UTC."""
        moment: datetime = self.cleaned_data["time"]
        return moment.replace(tzinfo=UTC)


class _PlaceChoice(forms.ModelChoiceField):  # type: ignore[type-arg]  # not subscriptable at run time
    def label_from_instance(self, obj: Environment) -> str:
        """Name the project as well."""
        return f"{obj.project.slug} {obj.name}"


class _PlaceForm(_TimeForm):
    """Where and when."""

    environment = _PlaceChoice(queryset=Environment.objects.none(), empty_label="Choose one")
    field_order = ("environment", "time")

    def __init__(self, choices: "QuerySet[Environment]", *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["environment"]
        if isinstance(field, _PlaceChoice):
            field.queryset = choices


class MomentsPage(Page):
    """``/audit/at/``: where and when."""

    template_name = "portal/moments.html"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Go there, or ask."""
        reach = reach_of(self.caller)
        if not request.GET:
            return self.show(form=self._form(reach, None), reach=reach)
        form = self._form(reach, request.GET)
        if not form.is_valid():
            return self.show(HTTPStatus.UNPROCESSABLE_ENTITY, form=form, reach=reach)
        chosen = form.cleaned_data["environment"]
        at = form.cleaned_data["time"]
        page = reverse("portal:moment", args=[chosen.project.slug, chosen.name])
        return redirect(f"{page}?time={at:%Y-%m-%dT%H:%M:%S}")

    def _form(self, reach: Reach, data: Any) -> _PlaceForm:
        found = Environment.objects.visible_to(self.caller).filter(project__slug__in=reach.projects)
        places = found.select_related("project").order_by("project__slug", "position")
        return _PlaceForm(places, data, initial={"time": timezone.now() - timedelta(days=7)})


class MomentPage(EnvironmentPart):
    """``/projects/<slug>/environments/<name>/at/``."""

    template_name = "portal/moment.html"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Show what it was; a time that the log cannot know is said."""
        at = timezone.now()
        form = _TimeForm(request.GET if "time" in request.GET else None, initial={"time": at})
        if form.is_bound:
            if not form.is_valid():
                return self.show(HTTPStatus.UNPROCESSABLE_ENTITY, form=form, moment=None, why="")
            at = form.cleaned_data["time"]
        try:
            moment = moment_of(self.environment, at, reach_of(self.caller))
        except InvalidInput as error:
            return self.show(
                HTTPStatus.UNPROCESSABLE_ENTITY, form=form, moment=None, why=error.sentence
            )
        answer = self.show(form=form, moment=moment, why="", around=self._around(at))
        record_moment_read(Way.PAGES, self.environment, by=self.caller)
        return answer

    def _around(self, at: datetime) -> list[tuple[str, str]]:
        return [
            (f"{name} earlier", f"{self.request.path}?time={at - span:%Y-%m-%dT%H:%M:%S}")
            for name, span in EARLIER
        ]
