"""MLflow registries of a project, and how the sync with them stands."""

from typing import Any

from django.conf import settings
from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.describe import call
from catalog.api.endpoint import Endpoint, one
from catalog.api.strict import StrictSerializer, Text
from catalog.models import TokenScope as Scope
from models_registry.actions.change_registry import change_registry
from models_registry.actions.create_registry import RegistrySpec, create_registry
from models_registry.actions.request_sync import request_sync
from models_registry.models import Registry, SyncPhase, SyncResult
from models_registry.webhooks import address_of

_FIELDS = ("tracking_url", "name_pattern", "credentials", "webhook_secret", "is_active")


class SyncSerializer(serializers.Serializer[Any]):
    """How the reading of a registry stands: what is done now, and how the last time ended."""

    phase = serializers.ChoiceField(SyncPhase.choices)
    done = serializers.IntegerField(help_text="Of the present phase.")
    total = serializers.IntegerField(help_text="0 while it is not known.")
    result = serializers.ChoiceField(SyncResult.choices, help_text="How the last sync ended.")
    sentence = serializers.CharField()
    began_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    succeeded_at = serializers.DateTimeField(allow_null=True)
    due_at = serializers.DateTimeField()
    failures = serializers.IntegerField(help_text="In a row.")
    models_seen = serializers.IntegerField()
    versions_seen = serializers.IntegerField()


class RegistrySerializer(serializers.Serializer[Any]):
    """A registry. Secrets are files that the operator mounts; only their names are kept."""

    id = serializers.IntegerField()
    project = serializers.CharField(source="project.slug")
    name = serializers.CharField()
    tracking_url = serializers.CharField()
    name_pattern = serializers.CharField()
    credentials = serializers.CharField()
    webhook_secret = serializers.CharField()
    webhook_url = serializers.SerializerMethodField(
        help_text="Where MLflow's webhooks go; taken when webhook_secret is set."
    )
    is_active = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    sync = SyncSerializer()

    def get_webhook_url(self, registry: Registry) -> str:
        """Return the address that a webhook of this registry calls."""
        return address_of(registry, settings.PUBLIC_URL)


class RegistryChangeSerializer(StrictSerializer):
    """What may change about a registry."""

    tracking_url = Text(max_length=500, required=False)
    name_pattern = Text(max_length=500, required=False)
    credentials = Text(max_length=100, required=False, allow_blank=True)
    webhook_secret = Text(max_length=100, required=False, allow_blank=True)
    is_active = serializers.BooleanField(required=False)


class NewRegistrySerializer(RegistryChangeSerializer):
    """A registry to add."""

    name = Text(max_length=63)
    tracking_url = Text(max_length=500)


class RegistryFilter(filters.FilterSet):
    """Which registries."""

    class Meta:
        model = Registry
        fields = ["name", "is_active"]


class RegistriesView(Endpoint):
    """``projects/{slug}/model-registries/``."""

    queryset = Registry.objects.none()
    filterset_class = RegistryFilter
    required_scope = Scope.ADMIN

    @call(
        "model registries",
        "List a project's model registries",
        name="model_registries_list",
        answer=RegistrySerializer(many=True),
    )
    def get(self, request: Request, slug: str) -> Response:
        """With how the sync with each stands."""
        rows = Registry.objects.filter(project=self.project(slug))
        return self.listed(rows.select_related("project", "sync"), RegistrySerializer)

    @call(
        "model registries",
        "Add a model registry",
        name="model_registries_create",
        body=NewRegistrySerializer,
        answer=RegistrySerializer,
        status=201,
        scope=Scope.ADMIN,
    )
    def post(self, request: Request, slug: str) -> Response:
        """Needs ``manage_project``. A worker begins to read it."""
        project = self.project(slug)
        fields = self.body(NewRegistrySerializer)
        name = fields.pop("name")
        registry = create_registry(project, name, RegistrySpec(**fields), by=self.caller)
        return Response(RegistrySerializer(registry).data, status=201)


class RegistryView(Endpoint):
    """``model-registries/{id}/``."""

    required_scope = Scope.ADMIN

    @call(
        "model registries",
        "Read a model registry",
        name="model_registries_read",
        answer=RegistrySerializer,
    )
    def get(self, request: Request, pk: int) -> Response:
        """With how the sync with it stands."""
        return Response(RegistrySerializer(self._visible(pk)).data)

    @call(
        "model registries",
        "Change a model registry",
        name="model_registries_change",
        body=RegistryChangeSerializer,
        answer=RegistrySerializer,
        scope=Scope.ADMIN,
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Needs ``manage_project``. What came from it stays, whatever the pattern says now."""
        registry = self._visible(pk)
        there = {name: getattr(registry, name) for name in _FIELDS}
        wanted = self.body(RegistryChangeSerializer, partial=True)
        change_registry(registry, RegistrySpec(**{**there, **wanted}), by=self.caller)
        return Response(RegistrySerializer(self._visible(pk)).data)

    def _visible(self, pk: int) -> Registry:
        rows = Registry.objects.visible_to(self.caller).select_related("project", "sync")
        return one(rows.filter(pk=pk), f"no model registry {pk}")


class SyncNowView(RegistryView):
    """``model-registries/{id}/sync/``."""

    http_method_names = ["post", "options"]

    @call(
        "model registries",
        "Read a registry now",
        name="model_registries_sync",
        answer=RegistrySerializer,
        status=202,
        scope=Scope.ADMIN,
    )
    def post(self, request: Request, pk: int) -> Response:
        """Needs ``manage_project``. Poll the registry to see how far it is."""
        request_sync(self._visible(pk), by=self.caller)
        return Response(RegistrySerializer(self._visible(pk)).data, status=202)
