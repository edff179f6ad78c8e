"""How an environment is reached, and which workloads run which artifacts there."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.describe import call
from catalog.api.endpoint import Endpoint
from catalog.api.strict import Choice, StrictSerializer, Text, Whole
from catalog.errors import InvalidInput, NotFound
from catalog.models import Artifact, Environment
from catalog.models import TokenScope as Scope
from deployments.actions.add_binding import MOST_PARTS, BindingSpec, add_binding
from deployments.actions.remove_binding import remove_binding
from deployments.actions.set_target import TargetSpec, set_target
from deployments.clients.cluster import WorkloadKind
from deployments.clients.serving import ServingMode
from deployments.models import Cluster, Executor, Target

LARGEST = 2**31 - 1
MOST_REPLICAS = 32767


class BindingSerializer(serializers.Serializer[Any]):
    """Which container of which workload runs an image, or which InferenceService serves a model."""

    id = serializers.IntegerField()
    artifact = serializers.CharField(source="artifact.name")
    workload_kind = serializers.CharField()
    workload = serializers.CharField()
    container = serializers.CharField(help_text="Empty for an InferenceService.")
    replicas = serializers.IntegerField(allow_null=True)
    adopt = serializers.BooleanField()
    model_format = serializers.CharField()
    runtime = serializers.CharField()
    serving_mode = serializers.CharField(help_text="Of an InferenceService: Standard or Knative.")
    canary_percents = serializers.ListField(child=serializers.IntegerField())
    canary_hold_seconds = serializers.IntegerField()


class TargetSerializer(serializers.Serializer[Any]):
    """How an environment is reached; ``revision`` is part of what approvers sign."""

    environment = serializers.CharField(source="environment.name")
    executor = serializers.ChoiceField(Executor.choices)
    cluster = serializers.CharField(source="cluster.name", default=None, allow_null=True)
    namespace = serializers.CharField()
    webhook_url = serializers.CharField()
    webhook_secret = serializers.CharField(help_text="Name of the file that holds the secret.")
    timeout_seconds = serializers.IntegerField()
    revision = serializers.IntegerField()
    bindings = BindingSerializer(many=True)


class WantedTargetSerializer(StrictSerializer):
    """How the environment is to be reached: by a cluster and a namespace, by a webhook, or by hand."""

    executor = Choice(Executor.choices)
    cluster = Text(max_length=63, required=False, allow_null=True, help_text="By name.")
    namespace = Text(max_length=63, required=False, allow_blank=True)
    webhook_url = Text(max_length=500, required=False, allow_blank=True)
    webhook_secret = Text(max_length=100, required=False, allow_blank=True)
    timeout_seconds = Whole(max_value=LARGEST, required=False)


class NewBindingSerializer(StrictSerializer):
    """A container that is to run an image of the project, or an InferenceService for a model."""

    artifact = Text(max_length=200, help_text="By name.")
    workload = Text(max_length=63)
    container = Text(
        max_length=63,
        required=False,
        allow_blank=True,
        help_text="Of a Deployment, which needs one.",
    )
    workload_kind = Choice([str(kind) for kind in WorkloadKind], required=False)
    replicas = Whole(min_value=0, max_value=MOST_REPLICAS, required=False, allow_null=True)
    adopt = serializers.BooleanField(required=False)
    model_format = Text(
        max_length=40,
        required=False,
        allow_blank=True,
        help_text="KServe's name, such as sklearn; without it, as the model's flavours say.",
    )
    runtime = Text(max_length=63, required=False, allow_blank=True)
    serving_mode = Choice([str(mode) for mode in ServingMode], required=False)
    canary_percents = serializers.ListField(
        child=Whole(min_value=1, max_value=99),
        required=False,
        max_length=MOST_PARTS,
        help_text="The parts of the requests that a new model gets, one after the other.",
    )
    canary_hold_seconds = Whole(min_value=0, max_value=LARGEST, required=False)


class TargetView(Endpoint):
    """``projects/{slug}/environments/{name}/target/``."""

    required_scope = Scope.ADMIN

    @call(
        "targets",
        "Read how an environment is reached",
        name="targets_read",
        answer=TargetSerializer,
    )
    def get(self, request: Request, slug: str, name: str) -> Response:
        """With its bindings; 404 when it has no target yet."""
        return Response(_shown(self.environment(slug, name)))

    @call(
        "targets",
        "Set how an environment is reached",
        name="targets_set",
        body=WantedTargetSerializer,
        answer=TargetSerializer,
        scope=Scope.ADMIN,
    )
    def put(self, request: Request, slug: str, name: str) -> Response:
        """Needs ``manage_project``. Bindings stay; approvals of open change requests are void then."""
        environment = self.environment(slug, name)
        fields = self.body(WantedTargetSerializer)
        fields["cluster"] = _cluster(fields.get("cluster"))
        set_target(environment, TargetSpec(**fields), by=self.caller)
        return Response(_shown(environment))


class BindingsView(Endpoint):
    """``projects/{slug}/environments/{name}/target/bindings/``."""

    required_scope = Scope.ADMIN

    @call(
        "targets",
        "Bind an artifact to a workload",
        name="bindings_add",
        body=NewBindingSerializer,
        answer=BindingSerializer,
        status=201,
        scope=Scope.ADMIN,
    )
    def post(self, request: Request, slug: str, name: str) -> Response:
        """Needs ``manage_project``. Approvals of open change requests are void then."""
        environment = self.environment(slug, name)
        fields = self.body(NewBindingSerializer)
        artifact = _artifact(environment, fields.pop("artifact"))
        binding = add_binding(environment, artifact, BindingSpec(**fields), by=self.caller)
        return Response(BindingSerializer(binding).data, status=201)


class BindingView(Endpoint):
    """``projects/{slug}/environments/{name}/target/bindings/{id}/``."""

    required_scope = Scope.ADMIN

    @call("targets", "Unbind", name="bindings_remove", status=204, scope=Scope.ADMIN)
    def delete(self, request: Request, slug: str, name: str, pk: int) -> Response:
        """Needs ``manage_project``. What the container runs now, it runs on."""
        remove_binding(self.environment(slug, name), pk, by=self.caller)
        return Response(status=204)


def _shown(environment: Environment) -> Any:
    rows = Target.objects.filter(environment=environment).select_related("environment", "cluster")
    target = rows.prefetch_related("bindings__artifact").first()
    if target is None:
        raise NotFound(f"{environment.name} has no target yet.")
    return TargetSerializer(target).data


def _cluster(name: str | None) -> Cluster | None:
    if name is None:
        return None
    cluster = Cluster.objects.filter(name=name).first()
    if cluster is None:
        raise InvalidInput.of("cluster", f"There is no cluster {name!r:.80}.")
    return cluster


def _artifact(environment: Environment, name: str) -> Artifact:
    artifact = Artifact.objects.filter(project=environment.project, name=name).first()
    if artifact is None:
        raise InvalidInput.of("artifact", f"The project has no artifact {name!r:.80}.")
    return artifact
