"""Lineage over REST: the graph from data to where it runs, in nodes and edges."""

from dataclasses import asdict
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.describe import call
from catalog.api.endpoint import Endpoint, one
from catalog.models import ArtifactVersion
from deployments.lineage.graph import Graph, Kind
from deployments.lineage.reading import (
    FOR_THE_API,
    lineage_of,
    lineage_of_environment,
    lineage_of_record,
)
from models_registry.models import ModelVersion
from releases.parsers.pins import ALGORITHMS, STRENGTHS


class NodeSerializer(serializers.Serializer[Any]):
    """One thing on the way from data to where it runs."""

    id = serializers.CharField(help_text="Stable for the same thing; part of no other address.")
    kind = serializers.ChoiceField([(str(each), str(each)) for each in Kind])
    name = serializers.CharField()
    detail = serializers.CharField()
    digest = serializers.CharField(help_text="Of data sets and versions; empty for none.")
    strength = serializers.ChoiceField(
        [(each, each) for each in STRENGTHS],
        allow_blank=True,
        help_text="Of data sets: whether the digest identifies the content.",
    )
    algorithm = serializers.ChoiceField(
        [(each, known.words) for each, known in ALGORITHMS.items() if each],
        allow_blank=True,
        help_text="Of data sets: how the digest was made.",
    )
    state = serializers.CharField(
        help_text="Of deployments: serving, replaced, or the deployment's own state."
    )
    at = serializers.DateTimeField(
        allow_null=True, help_text="When a release was sealed, or a deployment ended or began."
    )
    level = serializers.IntegerField(help_text="Column from the left, beginning with 0.")
    is_subject = serializers.BooleanField()
    is_live = serializers.BooleanField(
        help_text="Whether it serves now, or something that serves now was made from it."
    )
    url = serializers.CharField(help_text="Its page, empty for none.")


class EdgeSerializer(serializers.Serializer[Any]):
    """One thing went into another; from a lower level to a higher one."""

    source = serializers.CharField()  # type: ignore[assignment]  # a field's name that the base class uses otherwise
    target = serializers.CharField()


class LineageSerializer(serializers.Serializer[Any]):
    """The graph; ``remarks`` say what nobody knows and what was left out."""

    nodes = NodeSerializer(many=True)
    edges = EdgeSerializer(many=True)
    remarks = serializers.ListField(child=serializers.CharField())


class VersionLineageView(Endpoint):
    """``artifact-versions/{id}/lineage/``."""

    @call(
        "lineage",
        "Read the lineage of a version",
        name="artifact_version_lineage",
        answer=LineageSerializer,
    )
    def get(self, request: Request, pk: int) -> Response:
        """Data, training run, the version and what stands beside it, releases, deployments."""
        visible = ArtifactVersion.objects.visible_to(self.caller)
        found = visible.filter(pk=pk).select_related("artifact__project")
        version = one(found, f"no artifact version {pk}")
        return _answer(lineage_of(version, bounds=FOR_THE_API))


class ModelVersionLineageView(Endpoint):
    """``model-versions/{id}/lineage/``."""

    @call(
        "lineage",
        "Read the lineage of a model version",
        name="model_version_lineage",
        answer=LineageSerializer,
    )
    def get(self, request: Request, pk: int) -> Response:
        """Before its digest is known: only where it comes from."""
        visible = ModelVersion.objects.visible_to(self.caller).filter(pk=pk)
        related = visible.select_related(
            "model__registry__project", "model__artifact", "artifact_version"
        )
        record = one(related, f"no model version {pk}")
        return _answer(lineage_of_record(record, bounds=FOR_THE_API))


class EnvironmentLineageView(Endpoint):
    """``projects/{slug}/environments/{name}/lineage/``."""

    @call(
        "lineage",
        "Read which data is behind what runs in an environment",
        name="environments_lineage",
        answer=LineageSerializer,
    )
    def get(self, request: Request, slug: str, name: str) -> Response:
        """Everything that runs there now, the releases that brought it, and what it was made from."""
        environment = self.environment(slug, name)
        graph = lineage_of_environment(environment, bounds=FOR_THE_API)
        return _answer(graph)


def _answer(graph: Graph) -> Response:
    document = {
        "nodes": [asdict(node) for node in graph.nodes],
        "edges": [asdict(edge) for edge in graph.edges],
        "remarks": graph.remarks,
    }
    return Response(LineageSerializer(document).data)
