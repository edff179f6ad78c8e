"""Lineage as pages: of a version, of a model version, and of what runs in an environment."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import reverse

from catalog.models import ArtifactKind, ArtifactVersion
from catalog.views.page import Page
from catalog.views.projects import EnvironmentPart
from deployments.forms import DataForm
from deployments.lineage import uses
from deployments.lineage.drawn import picture_of
from deployments.lineage.graph import Graph
from deployments.lineage.reading import (
    FOR_A_PAGE,
    lineage_of,
    lineage_of_environment,
    lineage_of_record,
)
from deployments.lineage.states import address_of_data, states_named
from models_registry.models import ModelVersion


class VersionLineage(Page):
    """``/artifact-versions/<id>/lineage/``."""

    template_name = "deployments/lineage/version.html"

    def context(self) -> dict[str, Any]:
        """Draw the lineage of the version of the address; 404 for one that may not be seen."""
        visible = ArtifactVersion.objects.visible_to(self.caller)
        version = get_object_or_404(
            visible.select_related("artifact__project"), pk=self.kwargs["pk"]
        )
        page = reverse("releases:artifact-version", args=[version.pk])
        return self._shown(
            version.artifact.project,
            str(version),
            page,
            lineage_of(version, bounds=FOR_A_PAGE),
            is_compared=version.artifact.kind == ArtifactKind.MODEL,
            data_url=(
                address_of_data(version.digest)
                if version.artifact.kind == ArtifactKind.DATASET
                else ""
            ),
        )

    def _shown(
        self,
        project: Any,
        name: str,
        page: str,
        graph: Graph,
        *,
        is_compared: bool,
        data_url: str = "",
    ) -> dict[str, Any]:
        return {
            "project": project,
            "name": name,
            "picture": picture_of(graph),
            "data_url": data_url,
            "comparison_url": f"{page}#comparison" if is_compared else "",
            "crumbs": [
                ("Projects", reverse("catalog:projects")),
                (project.name, reverse("portal:project", args=[project.slug])),
                (name, page),
            ],
        }


class ModelVersionLineage(VersionLineage):
    """``/model-versions/<id>/lineage/``."""

    def context(self) -> dict[str, Any]:
        """Draw the lineage of the model version of the address; 404 for one that may not be seen."""
        visible = ModelVersion.objects.visible_to(self.caller)
        related = visible.select_related(
            "model__registry__project", "model__artifact", "artifact_version"
        )
        record = get_object_or_404(related, pk=self.kwargs["pk"])
        return self._shown(
            record.model.registry.project,
            str(record),
            reverse("models_registry:version", args=[record.pk]),
            lineage_of_record(record, bounds=FOR_A_PAGE),
            is_compared=record.artifact_version_id is not None,
        )


class EnvironmentLineage(EnvironmentPart):
    """``/projects/<slug>/environments/<name>/lineage/``: which data is behind what runs there."""

    template_name = "deployments/lineage/environment.html"

    def context(self) -> dict[str, Any]:
        """Draw it."""
        graph = lineage_of_environment(self.environment, bounds=FOR_A_PAGE)
        return {**super().context(), "picture": picture_of(graph)}


class DataPage(Page):
    """``/data/?q=``: what was made from a state of data, and where it runs."""

    template_name = "deployments/lineage/data.html"

    def context(self) -> dict[str, Any]:
        """Answer for a digest; for a name, show the states of the data set of that name."""
        form = DataForm(self.request.GET or None)
        asked = form.cleaned_data["q"] if form.is_valid() else ""
        named = []
        if asked and ":" not in asked:  # a name may look like a digest, such as 20261101
            named = states_named(asked, reader=self.caller, most=uses.FOR_THE_API)
        is_answered = bool(asked) and not named
        return {
            "filter": form,
            "asked": asked,
            "named": named,
            "uses": uses.uses_of(asked, reader=self.caller, most=uses.FOR_A_PAGE)
            if is_answered
            else None,
        }
