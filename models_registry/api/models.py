"""Registered models and their versions, as taken in from MLflow."""

from typing import Any

from django.db.models import Count, Max, Q, QuerySet
from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.describe import call
from catalog.api.endpoint import Endpoint, one
from models_registry.aliases import unsettled_orders
from models_registry.models import (
    DigestBasis,
    FindingState,
    Intake,
    ModelVersion,
    RegisteredModel,
)

_OPEN = Count("findings", filter=Q(findings__state=FindingState.OPEN), distinct=True)


class ModelSerializer(serializers.Serializer[Any]):
    """A registered model; its artifact is the same thing in releases."""

    id = serializers.IntegerField()
    project = serializers.CharField(source="registry.project.slug")
    registry = serializers.CharField(source="registry.name")
    name = serializers.CharField(help_text="As MLflow spells it.")
    artifact = serializers.CharField(source="artifact.name")
    description = serializers.CharField()
    tags = serializers.DictField(child=serializers.CharField())
    aliases = serializers.DictField(child=serializers.IntegerField())
    newest_version = serializers.IntegerField(allow_null=True)
    open_findings = serializers.IntegerField()
    former_names = serializers.ListField(child=serializers.CharField())
    gone_at = serializers.DateTimeField(
        allow_null=True, help_text="When it was found to be deleted in MLflow."
    )


class OneModelSerializer(ModelSerializer):
    """A registered model, with what MLflow does not show yet."""

    unsettled = serializers.SerializerMethodField(
        help_text="A sentence for each alias that MLflow does not show as a deployment wants it."
    )

    def get_unsettled(self, model: RegisteredModel) -> list[str]:
        """Return why, and whether it is tried again."""
        return unsettled_orders(model)


class ModelVersionSummarySerializer(serializers.Serializer[Any]):
    """A model version in a list."""

    id = serializers.IntegerField()
    model = serializers.CharField(source="model.name")
    version = serializers.IntegerField(source="number")
    artifact_version = serializers.IntegerField(source="artifact_version_id", allow_null=True)
    digest = serializers.CharField(help_text="Empty until it is known.")
    digest_basis = serializers.ChoiceField(DigestBasis.choices, allow_blank=True)
    intake = serializers.ChoiceField(Intake.choices)
    aliases = serializers.ListField(child=serializers.CharField())
    stage = serializers.CharField()
    status = serializers.CharField()
    trained_by = serializers.CharField()
    git_commit = serializers.CharField()
    registered_at = serializers.DateTimeField(allow_null=True)
    gone_at = serializers.DateTimeField(allow_null=True)


class MetricSerializer(serializers.Serializer[Any]):
    """The last value of a metric; ``said`` is what MLflow said where that is no finite number."""

    key = serializers.CharField()
    value = serializers.FloatField(allow_null=True)
    step = serializers.IntegerField()
    at = serializers.IntegerField(help_text="Milliseconds of the epoch.")
    said = serializers.CharField(required=False)
    dataset = serializers.CharField(required=False)
    dataset_digest = serializers.CharField(required=False)
    run = serializers.CharField(
        required=False, help_text="The run that measured it, where that is not the version's."
    )


class DatasetSerializer(serializers.Serializer[Any]):
    """A dataset that went into the run; ``strength`` says whether its digest identifies its content."""

    name = serializers.CharField()
    digest = serializers.CharField()
    strength = serializers.ChoiceField([("strong", "strong"), ("weak", "weak"), ("none", "none")])
    source_type = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]  # a field of that name
    context = serializers.CharField()  # type: ignore[assignment]  # likewise
    columns = serializers.ListField(child=serializers.ListField(child=serializers.CharField()))
    said = serializers.CharField(
        required=False,
        help_text="MLflow's own digest, where the source names the state better.",
    )


class ModelFileSerializer(serializers.Serializer[Any]):
    """A file of the model."""

    path = serializers.CharField()
    size = serializers.IntegerField()
    sha256 = serializers.CharField()


class ModelVersionSerializer(ModelVersionSummarySerializer):
    """A model version with the snapshot of its intake."""

    project = serializers.CharField(source="model.registry.project.slug")
    description = serializers.CharField()
    tags = serializers.DictField(child=serializers.CharField())
    digest_sentence = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]  # a field of that name
    download_uri = serializers.CharField()
    run_id = serializers.CharField()
    run_name = serializers.CharField()
    run_status = serializers.CharField()
    run_tags = serializers.DictField(child=serializers.CharField())
    run_began_at = serializers.DateTimeField(allow_null=True)
    run_ended_at = serializers.DateTimeField(allow_null=True)
    experiment_id = serializers.CharField()
    parameters = serializers.DictField(child=serializers.CharField())
    metrics = MetricSerializer(many=True)
    datasets = DatasetSerializer(many=True)
    git_branch = serializers.CharField()
    git_repository = serializers.CharField()
    git_dirty = serializers.BooleanField(allow_null=True)
    registered_by = serializers.CharField()
    flavours = serializers.DictField(child=serializers.DictField())
    signature = serializers.DictField()
    files = ModelFileSerializer(many=True)
    size = serializers.IntegerField(allow_null=True)
    remarks = serializers.ListField(child=serializers.CharField())
    snapshot_digest = serializers.CharField()
    taken_in_at = serializers.DateTimeField()


class ModelFilter(filters.FilterSet):
    """Which models."""

    name = filters.CharFilter()
    registry = filters.CharFilter("registry__name")
    alias = filters.CharFilter("aliases", lookup_expr="has_key")


class ModelVersionFilter(filters.FilterSet):
    """Which versions."""

    version = filters.NumberFilter("number")
    intake = filters.ChoiceFilter(choices=Intake.choices)
    digest = filters.CharFilter("artifact_version__digest")
    commit = filters.CharFilter("git_commit")


class ModelsView(Endpoint):
    """``projects/{slug}/models/``."""

    queryset = RegisteredModel.objects.none()
    filterset_class = ModelFilter

    @call(
        "models", "List a project's models", name="models_list", answer=ModelSerializer(many=True)
    )
    def get(self, request: Request, slug: str) -> Response:
        """As last seen in MLflow, those that are gone there too."""
        rows = RegisteredModel.objects.filter(registry__project=self.project(slug))
        return self.listed(_shown(rows), ModelSerializer)


class ModelView(Endpoint):
    """``models/{id}/``."""

    @call("models", "Read a model", name="models_read", answer=OneModelSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """As last seen in MLflow."""
        rows = _shown(RegisteredModel.objects.visible_to(self.caller))
        return Response(OneModelSerializer(one(rows.filter(pk=pk), f"no model {pk}")).data)


class ModelVersionsView(Endpoint):
    """``models/{id}/versions/``."""

    queryset = ModelVersion.objects.none()
    filterset_class = ModelVersionFilter

    @call(
        "models",
        "List the versions of a model",
        name="model_versions_list",
        answer=ModelVersionSummarySerializer(many=True),
    )
    def get(self, request: Request, pk: int) -> Response:
        """Newest first."""
        model = one(RegisteredModel.objects.visible_to(self.caller).filter(pk=pk), f"no model {pk}")
        rows = ModelVersion.objects.filter(model=model).select_related("model", "artifact_version")
        return self.listed(rows, ModelVersionSummarySerializer)


class ModelVersionView(Endpoint):
    """``model-versions/{id}/``."""

    @call(
        "models", "Read a model version", name="model_versions_read", answer=ModelVersionSerializer
    )
    def get(self, request: Request, pk: int) -> Response:
        """With the snapshot of its intake: run, parameters, metrics, data, source, files."""
        rows = ModelVersion.objects.visible_to(self.caller).filter(pk=pk)
        related = rows.select_related("model__registry__project", "artifact_version")
        return Response(ModelVersionSerializer(one(related, f"no model version {pk}")).data)


def _shown(rows: "QuerySet[RegisteredModel]") -> "QuerySet[RegisteredModel]":
    related = rows.select_related("registry__project", "artifact")
    return related.annotate(newest_version=Max("versions__number"), open_findings=_OPEN)
