"""Deployments: attempts to carry out a change request."""

from typing import Any

from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.describe import call
from catalog.api.endpoint import Endpoint, one
from catalog.api.strict import Choice, StrictSerializer, Text
from catalog.models import TokenScope as Scope
from deployments.actions.attest import attest
from deployments.actions.report import report
from deployments.models import Deployment, DeploymentState, StepState, StepVerb
from deployments.results import LONGEST_COMMENT, Result


class DeploymentSummarySerializer(serializers.Serializer[Any]):
    """A deployment in a list. Failed is a definite no; errored means that nobody could tell."""

    id = serializers.IntegerField()
    change_request = serializers.IntegerField(source="change_request_id")
    project = serializers.CharField(source="environment.project.slug")
    environment = serializers.CharField(source="environment.name")
    release = serializers.CharField(source="change_request.release.version")
    state = serializers.ChoiceField(DeploymentState.choices)
    reason = serializers.CharField()
    started_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class StepSerializer(serializers.Serializer[Any]):
    """One step, and how it went."""

    position = serializers.IntegerField()
    verb = serializers.ChoiceField(StepVerb.choices)
    title = serializers.CharField()
    workload = serializers.CharField()
    state = serializers.ChoiceField(StepState.choices)
    sentence = serializers.CharField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)


class DeploymentSerializer(DeploymentSummarySerializer):
    """A deployment with its steps."""

    tries = serializers.IntegerField(help_text="How often in a row the target did not answer.")
    try_again_at = serializers.DateTimeField(allow_null=True)
    give_up_at = serializers.DateTimeField()
    steps = StepSerializer(many=True)


class AttestationSerializer(StrictSerializer):
    """How it went, by the word of whoever did it. A failure needs a comment."""

    result = Choice(Result.choices)
    comment = Text(max_length=LONGEST_COMMENT, required=False, allow_blank=True)


class ReportSerializer(AttestationSerializer):
    """How it went, by the word of the executor; ``token`` came with the call."""

    token = Text(max_length=200)


class DeploymentFilter(filters.FilterSet):
    """Which deployments."""

    project = filters.CharFilter("environment__project__slug")
    environment = filters.CharFilter("environment__name")
    state = filters.MultipleChoiceFilter(choices=DeploymentState.choices)
    change_request = filters.CharFilter(method="of_change_request")

    def of_change_request(self, queryset: Any, name: str, value: str) -> Any:
        """Return those of one change request, given as ``12`` or ``CR-12``."""
        number = value.upper().removeprefix("CR-")
        is_number = number.isascii() and number.isdigit()
        return queryset.filter(change_request_id=int(number[:19])) if is_number else queryset.none()


class DeploymentsView(Endpoint):
    """``deployments/``."""

    queryset = Deployment.objects.none()
    filterset_class = DeploymentFilter

    @call(
        "deployments",
        "List deployments across projects",
        name="deployments_list",
        answer=DeploymentSummarySerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """Newest first."""
        rows = Deployment.objects.visible_to(self.caller)
        related = rows.select_related("environment__project", "change_request__release")
        return self.listed(related, DeploymentSummarySerializer)


class DeploymentView(Endpoint):
    """``deployments/{id}/``."""

    @call("deployments", "Read a deployment", name="deployments_read", answer=DeploymentSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """With its steps."""
        return Response(DeploymentSerializer(self._visible(pk)).data)

    def _visible(self, pk: int) -> Deployment:
        rows = Deployment.objects.visible_to(self.caller).prefetch_related("steps")
        related = rows.select_related("environment__project", "change_request__release")
        return one(related.filter(pk=pk), f"no deployment {pk}")


class AttestView(DeploymentView):
    """``deployments/{id}/attest/``."""

    required_scope = Scope.CHANGES
    http_method_names = ["post", "options"]

    @call(
        "deployments",
        "Say how a deployment by hand went",
        name="deployments_attest",
        body=AttestationSerializer,
        answer=DeploymentSerializer,
        scope=Scope.CHANGES,
    )
    def post(self, request: Request, pk: int) -> Response:
        """Needs ``deploy_to_environment``; for people, and for environments that are reached by hand."""
        self._visible(pk)
        attest(pk, **self.body(AttestationSerializer), by=self.caller)
        return Response(DeploymentSerializer(self._visible(pk)).data)


class ReportView(Endpoint):
    """``deployments/{id}/report/``: no account calls here, the token of the call is the permission."""

    authentication_classes = []
    permission_classes = [AllowAny]

    @call(
        "deployments",
        "Report back, as the executor that was called",
        name="deployments_report",
        body=ReportSerializer,
        status=204,
    )
    def post(self, request: Request, pk: int) -> Response:
        """The token came with the signed call and is good for one report."""
        report(pk, **self.body(ReportSerializer))
        return Response(status=204)
