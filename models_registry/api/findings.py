"""What changed in MLflow without the portal."""

from typing import Any

from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.describe import call
from catalog.api.endpoint import Endpoint, one
from catalog.api.strict import StrictSerializer, Text
from catalog.models import TokenScope as Scope
from models_registry.actions.choose_alias import choose_alias
from models_registry.actions.settle_finding import LONGEST_COMMENT, settle_finding
from models_registry.aliases import alias_of
from models_registry.models import Finding, FindingKind, FindingState


class FindingSerializer(serializers.Serializer[Any]):
    """Something that changed in MLflow without the portal."""

    id = serializers.IntegerField()
    project = serializers.CharField(source="model.registry.project.slug")
    model = serializers.CharField(source="model.name")
    model_id = serializers.IntegerField()
    version = serializers.IntegerField(source="version.number", allow_null=True, default=None)
    environment = serializers.CharField(source="environment.name", allow_null=True, default=None)
    kind = serializers.ChoiceField(FindingKind.choices)
    sentence = serializers.CharField()
    state = serializers.ChoiceField(FindingState.choices)
    found_at = serializers.DateTimeField()
    settled_at = serializers.DateTimeField(allow_null=True)
    comment = serializers.CharField()


class SettlementSerializer(StrictSerializer):
    """What became of it."""

    comment = Text(max_length=LONGEST_COMMENT)


class AliasSerializer(serializers.Serializer[Any]):
    """The alias that is set in MLflow when a model version was verified in the environment."""

    environment = serializers.CharField()
    alias = serializers.CharField(help_text="Empty: none is set.")


class WantedAliasSerializer(StrictSerializer):
    """The alias to be set; empty for none."""

    alias = Text(max_length=100, allow_blank=True)


class FindingFilter(filters.FilterSet):
    """Which findings."""

    kind = filters.MultipleChoiceFilter(choices=FindingKind.choices)
    state = filters.ChoiceFilter(choices=FindingState.choices)
    model = filters.CharFilter("model__name")
    environment = filters.CharFilter("environment__name")


class FindingsView(Endpoint):
    """``projects/{slug}/model-findings/``."""

    queryset = Finding.objects.none()
    filterset_class = FindingFilter

    @call(
        "model findings",
        "List what changed in MLflow without the portal",
        name="model_findings_list",
        answer=FindingSerializer(many=True),
    )
    def get(self, request: Request, slug: str) -> Response:
        """Newest first."""
        rows = Finding.objects.filter(model__registry__project=self.project(slug))
        related = rows.select_related("model__registry__project", "version", "environment")
        return self.listed(related, FindingSerializer)


class SettleFindingView(Endpoint):
    """``model-findings/{id}/settle/``."""

    required_scope = Scope.ADMIN

    @call(
        "model findings",
        "Settle a finding",
        name="model_findings_settle",
        body=SettlementSerializer,
        answer=FindingSerializer,
        scope=Scope.ADMIN,
    )
    def post(self, request: Request, pk: int) -> Response:
        """Needs ``manage_project``. What changed in MLflow is not undone by that."""
        visible = Finding.objects.visible_to(self.caller).filter(pk=pk)
        finding = one(visible, f"no model finding {pk}")
        settled = settle_finding(finding, **self.body(SettlementSerializer), by=self.caller)
        return Response(FindingSerializer(settled).data)


class ModelAliasView(Endpoint):
    """``projects/{slug}/environments/{name}/model-alias/``."""

    required_scope = Scope.ADMIN

    @call(
        "model registries",
        "Read an environment's model alias",
        name="model_alias_read",
        answer=AliasSerializer,
    )
    def get(self, request: Request, slug: str, name: str) -> Response:
        """What somebody chose, or the default."""
        environment = self.environment(slug, name)
        return Response({"environment": environment.name, "alias": alias_of(environment)})

    @call(
        "model registries",
        "Choose an environment's model alias",
        name="model_alias_choose",
        body=WantedAliasSerializer,
        answer=AliasSerializer,
        scope=Scope.ADMIN,
    )
    def put(self, request: Request, slug: str, name: str) -> Response:
        """Needs ``manage_project``. Aliases that were set before stay as they are."""
        environment = self.environment(slug, name)
        chosen = choose_alias(environment, **self.body(WantedAliasSerializer), by=self.caller)
        return Response({"environment": environment.name, "alias": chosen.alias})
