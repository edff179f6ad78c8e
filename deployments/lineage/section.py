"""The lineage on the page of a model version, in a few lines (settings.MODEL_VERSION_SECTIONS)."""

from django.urls import reverse

from catalog.models import User
from deployments.lineage.graph import Graph, Kind
from deployments.lineage.reading import FOR_A_PAGE, lineage_of_record
from models_registry.models import ModelVersion
from models_registry.sections import Section


def lineage_section(version: ModelVersion, _caller: User) -> Section:
    """Return data, training, releases and where it serves, with the way to the graph."""
    graph = lineage_of_record(version, bounds=FOR_A_PAGE)
    context = {
        "url": reverse("deployments:model-version-lineage", args=[version.pk]),
        "data": graph.of(Kind.DATASET),
        "runs": graph.of(Kind.RUN),
        "releases": graph.of(Kind.RELEASE),
        "places": _serving(graph),
    }
    return Section("deployments/lineage/section.html", context)


def _serving(graph: Graph) -> list[object]:
    return [node for node in graph.of(Kind.DEPLOYMENT) if node.state == "serving"]
