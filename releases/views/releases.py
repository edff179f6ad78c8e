"""Releases: which there are, what is in one, and the form that seals one."""

from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.functional import cached_property

from catalog.models import ArtifactVersion
from catalog.permissions import Permission
from catalog.views.page import FormPage
from catalog.views.paging import slice_of
from catalog.views.projects import Crumbs, ProjectPage
from releases.actions.seal_release import seal_release
from releases.bundles import bundle_words
from releases.forms.changes import EvidenceForm, NewReleaseForm
from releases.models import ChangeRequest, Release
from releases.reports import report_of
from releases.rows import SHOWN_WITH, held_up_by, kind_of, row_of

PAGE_SIZE = 25
MOST_VERSIONS = 100
MOST_REQUESTS = 20


class ReleasesPage(ProjectPage):
    """``/projects/<slug>/releases/``."""

    template_name = "releases/releases.html"
    tab = "releases:releases"

    def context(self) -> dict[str, Any]:
        """List them, newest first, with where each runs."""
        shown = slice_of(
            self.project.releases.select_related("sealed_by").annotate(count=Count("items")),
            self.request,
            descending=True,
            size=PAGE_SIZE,
        )
        where = where_they_run(self.project.pk)
        rows = [
            {
                "release": release,
                "sealed_by": release.sealed_by.display_name,
                "kind": kind_of(release.sealed_by),
                "runs_in": where.get(release.pk, []),
            }
            for release in shown.rows
        ]
        return {
            **super().context(),
            "shown": shown,
            "rows": rows,
            "may_seal": self.held.may(Permission.SEAL_RELEASE),
        }


def where_they_run(project_id: int) -> dict[int, list[str]]:
    """Return the names of the environments by the release that was put there last; one query."""
    running = ChangeRequest.objects.running().filter(environment__project_id=project_id)
    where: dict[int, list[str]] = {}
    for release_id, name in running.values_list("release_id", "environment__name"):
        where.setdefault(release_id, []).append(name)
    return where


class ReleasePage(ProjectPage):
    """``/projects/<slug>/releases/<version>/``."""

    template_name = "releases/release.html"
    tab = "releases:releases"

    @cached_property
    def release(self) -> Release:
        """The release of the address."""
        releases = self.project.releases.select_related("sealed_by")
        found = get_object_or_404(releases, version=self.kwargs["version"])
        found.project = self.project
        return found

    @property
    def crumbs(self) -> Crumbs:
        """The way here."""
        releases = reverse("releases:releases", args=[self.project.slug])
        return [*super().crumbs, ("Releases", releases)]

    def context(self) -> dict[str, Any]:
        """Show what is in it, where it runs, and what was asked with it."""
        release = self.release
        requests = release.change_requests.select_related(*SHOWN_WITH).order_by("-number")[
            :MOST_REQUESTS
        ]
        evidence = release.evidence.select_related("added_by").order_by("-id")[:MOST_REQUESTS]
        versions = [item.artifact_version for item in _items(release)]
        return {
            **super().context(),
            "release": release,
            "sealed_by_kind": kind_of(release.sealed_by),
            "items": versions,
            "bundle": bundle_words(versions),
            "runs_in": where_they_run(self.project.pk).get(release.pk, []),
            "requests": [row_of(each, ask=held_up_by(each), with_risk=False) for each in requests],
            "reports": [report_of(each) for each in evidence],
            "may_submit": self.held.anywhere(Permission.SUBMIT_CHANGE),
            "may_add_evidence": self.held.may(Permission.ADD_EVIDENCE),
            "evidence_form": EvidenceForm(),
        }


def _items(release: Release) -> "QuerySet[Any]":
    return release.items.select_related("artifact_version__artifact").order_by(
        "artifact_version__artifact__name"
    )


class NewRelease(FormPage, ProjectPage):
    """``/projects/<slug>/releases/new/``; ``?versions=ID`` ticks some to begin with."""

    template_name = "releases/release_form.html"

    @cached_property
    def versions(self) -> list[ArtifactVersion]:
        """The newest ones, those that a link named among them."""
        named = self.request.GET.getlist("versions") + self.request.POST.getlist(
            "artifact_versions"
        )
        ids = [int(pk) for pk in named if pk.isascii() and pk.isdigit() and len(pk) < len("9" * 19)]
        of_project = ArtifactVersion.objects.filter(artifact__project=self.project)
        newest = of_project.order_by("-id").values("pk")[:MOST_VERSIONS]
        chosen = of_project.filter(Q(pk__in=newest) | Q(pk__in=ids))
        return list(chosen.select_related("artifact").order_by("artifact__name", "-id"))

    def form(self, data: Any = None) -> NewReleaseForm:
        """Return the form with what there is to choose from."""
        ticked = self.request.GET.getlist("versions")
        return NewReleaseForm(data, versions=self.versions, initial={"artifact_versions": ticked})

    def context(self) -> dict[str, Any]:
        """Show the form, or what has to be there first."""
        self.require(Permission.SEAL_RELEASE)
        return {
            **super().context(),
            "versions": self.versions,
            "cancel_url": reverse("releases:releases", args=[self.project.slug]),
        }

    def act(self, fields: dict[str, Any]) -> HttpResponse:
        """Seal it and go there."""
        release = seal_release(self.project, **fields, by=self.caller)
        return redirect("releases:release", self.project.slug, release.version)
