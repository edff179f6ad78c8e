"""Artifact versions and the evidence about them."""

from typing import Any, BinaryIO, cast

from django.core.files.uploadedfile import UploadedFile
from django.db.models import Count
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property

from catalog.held import held_in
from catalog.models import ArtifactVersion
from catalog.permissions import Permission
from catalog.views.page import Deed, Page
from catalog.views.paging import slice_of
from catalog.views.projects import ProjectPage
from releases.actions.add_evidence import add_evidence
from releases.attachments import open_report
from releases.cards.section import summary_of
from releases.comparing.pages import compared_in, is_compared
from releases.forms.changes import ArtifactFilter, EvidenceForm
from releases.models import Evidence, Release
from releases.reports import name_of, report_of
from releases.rows import kind_of
from releases.views.releases import ReleasePage, where_they_run

PAGE_SIZE = 25
MOST_REPORTS = 30
MOST_RELEASES = 20


class ArtifactsPage(ProjectPage):
    """``/projects/<slug>/artifacts/``."""

    template_name = "releases/artifacts.html"
    tab = "releases:artifacts"

    def context(self) -> dict[str, Any]:
        """List the versions, newest first."""
        asked = ArtifactFilter(self.request.GET or None)
        versions = ArtifactVersion.objects.filter(artifact__project=self.project)
        if asked.is_bound and asked.is_valid() and asked.cleaned_data["q"]:
            versions = versions.filter(artifact__name__istartswith=asked.cleaned_data["q"])
        listed = versions.select_related("artifact", "registered_by").annotate(
            reports=Count("evidence", distinct=True)
        )
        return {
            **super().context(),
            "shown": slice_of(listed, self.request, descending=True, size=PAGE_SIZE),
            "filter": asked,
            "may_seal": self.held.may(Permission.SEAL_RELEASE),
        }


class ArtifactVersionPage(Page):
    """``/artifact-versions/<id>/``."""

    template_name = "releases/artifact_version.html"

    @cached_property
    def version(self) -> ArtifactVersion:
        """The version of the address; 404 for one that may not be seen."""
        visible = ArtifactVersion.objects.visible_to(self.caller)
        return get_object_or_404(
            visible.select_related("artifact__project", "registered_by"), pk=self.kwargs["pk"]
        )

    def context(self) -> dict[str, Any]:
        """Show what it is, what is known about it, and where it went."""
        version = self.version
        project = version.artifact.project
        held = held_in(project, self.caller)
        evidence = version.evidence.select_related("added_by").order_by("-id")[:MOST_REPORTS]
        releases = list(version.releases.order_by("-id")[:MOST_RELEASES])
        where = where_they_run(project.pk)
        artifacts = reverse("releases:artifacts", args=[project.slug])
        asked = self.request.GET.get("against", "")
        return {
            "version": version,
            "against": compared_in(version, asked) if is_compared(version) else None,
            "model_card": summary_of(version, self.caller),
            "artifact": version.artifact,
            "project": project,
            "registered_by_kind": kind_of(version.registered_by),
            "reports": [report_of(each) for each in evidence],
            "releases": [
                {"release": release, "runs_in": where.get(release.pk, [])} for release in releases
            ],
            "may_add_evidence": held.may(Permission.ADD_EVIDENCE),
            "may_seal": held.may(Permission.SEAL_RELEASE),
            "evidence_form": EvidenceForm(),
            "crumbs": [
                ("Projects", reverse("catalog:projects")),
                (project.name, reverse("portal:project", args=[project.slug])),
                ("Artifacts", artifacts),
            ],
        }


class _AddEvidence(Deed):
    """A report arrives by hand; machines send theirs through the API."""

    form_name = "evidence_form"

    def form(self, data: Any = None) -> EvidenceForm:
        """Return the form with the file that was sent."""
        return EvidenceForm(data, self.request.FILES if data is not None else None)

    def about(self) -> ArtifactVersion | Release:
        """Return what the report is about."""
        raise NotImplementedError

    def act(self, fields: dict[str, Any]) -> str:
        """Keep it."""
        upload: UploadedFile[Any] = fields["file"]
        evidence = add_evidence(
            self.about(),
            kind=fields["kind"],
            stream=cast("BinaryIO", upload.file),
            file_name=upload.name or "",
            valid_until=fields["valid_until"],
            by=self.caller,
        )
        return f"{name_of(evidence.kind)}: {evidence.summary}"


class AddEvidenceToVersion(_AddEvidence, ArtifactVersionPage):
    """``/artifact-versions/<id>/evidence/``."""

    def about(self) -> ArtifactVersion:
        """Return the version."""
        return self.version

    def back(self) -> str:
        """Return to the version's page."""
        return reverse("releases:artifact-version", args=[self.version.pk])


class AddEvidenceToRelease(_AddEvidence, ReleasePage):
    """``/projects/<slug>/releases/<version>/evidence/``."""

    def about(self) -> Release:
        """Return the release."""
        return self.release

    def back(self) -> str:
        """Return to the release's page."""
        return reverse("releases:release", args=[self.project.slug, self.release.version])


class RawEvidence(Page):
    """``/evidence/<id>/raw/``: the bytes as they came, to be saved and never to be shown."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Send the bytes."""
        evidence = get_object_or_404(Evidence.objects.visible_to(self.caller), pk=self.kwargs["pk"])
        name = evidence.file_name or f"{evidence.kind}-{evidence.pk}"
        sent: HttpResponseBase = FileResponse(
            open_report(evidence),
            as_attachment=True,
            filename=name,
            content_type="application/octet-stream",
        )
        sent.headers["X-Content-SHA256"] = evidence.sha256
        return cast("HttpResponse", sent)
