"""What trains models again, and the requests for it."""

from typing import Any

from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.describe import call
from catalog.api.endpoint import Endpoint, one
from catalog.api.strict import Choice, StrictSerializer, Text, Whole
from catalog.models import TokenScope as Scope
from models_registry.actions.clear_retraining import clear_retraining
from models_registry.actions.request_retraining import request_retraining
from models_registry.actions.set_trigger import (
    FIELDS,
    LONGEST_VALUE,
    TriggerSpec,
    change_trigger,
    create_trigger,
)
from models_registry.actions.withdraw_retraining import withdraw_retraining
from models_registry.errors import TriggerUnfit
from models_registry.models import (
    Origin,
    RegisteredModel,
    RetrainingRequest,
    RetrainingTrigger,
    TriggerKind,
)
from models_registry.models.retraining import RetrainingQuerySet
from models_registry.retraining_rules import LONGEST_TEXT
from models_registry.states import RetrainingState

_LARGEST = 2**31 - 1


class TriggerSerializer(serializers.Serializer[Any]):
    """What is called to train a model again. The secret is a file that the operator mounts."""

    id = serializers.IntegerField()
    project = serializers.CharField(source="project.slug")
    model = serializers.CharField(
        source="model.name",
        default=None,
        allow_null=True,
        help_text="Null: every model of the project that has no trigger of its own.",
    )
    model_id = serializers.IntegerField(allow_null=True)
    kind = serializers.ChoiceField(TriggerKind.choices)
    address = serializers.CharField()
    ref = serializers.CharField()
    secret = serializers.CharField(help_text="The name of the file.")
    parameters = serializers.DictField(child=serializers.CharField())
    cooldown_seconds = serializers.IntegerField()
    timeout_seconds = serializers.IntegerField()
    is_active = serializers.BooleanField()


class TriggerChangeSerializer(StrictSerializer):
    """What may change about a trigger."""

    kind = Choice(TriggerKind.choices, required=False)
    address = Text(max_length=500, required=False)
    ref = Text(max_length=200, required=False, allow_blank=True, help_text="Branch or tag.")
    secret = Text(max_length=100, required=False)
    parameters = serializers.DictField(child=Text(max_length=LONGEST_VALUE), required=False)
    cooldown_seconds = Whole(min_value=0, max_value=_LARGEST, required=False)
    timeout_seconds = Whole(max_value=_LARGEST, required=False)
    is_active = serializers.BooleanField(required=False)


class NewTriggerSerializer(TriggerChangeSerializer):
    """A trigger for one model, or without ``model`` for all that have none of their own."""

    model = Whole(required=False, allow_null=True, help_text="By id.")
    kind = Choice(TriggerKind.choices)
    address = Text(max_length=500)
    secret = Text(max_length=100)


class RetrainingSerializer(serializers.Serializer[Any]):
    """A retraining request, and how it stands."""

    id = serializers.IntegerField()
    own_id = serializers.CharField(
        help_text="Its id in the tool; the version's tag gatehouse.retraining_request in MLflow."
    )
    project = serializers.CharField(source="model.registry.project.slug")
    model = serializers.CharField(source="model.name")
    model_id = serializers.IntegerField()
    state = serializers.ChoiceField(RetrainingState.choices)
    reason = serializers.CharField()
    override = serializers.CharField(help_text="Why the cooldown was not waited for.")
    origin = serializers.ChoiceField(Origin.choices)
    requested_by = serializers.CharField(source="requested_by.username")
    requested_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    tool = serializers.ChoiceField(TriggerKind.choices, source="trigger.kind")
    triggered_at = serializers.DateTimeField(allow_null=True)
    run_id = serializers.CharField(help_text="What the tool calls it.")
    run_url = serializers.CharField()
    sentence = serializers.CharField(help_text="How it stands in the tool, or why it ended.")
    version = serializers.IntegerField(source="version.number", default=None, allow_null=True)
    version_id = serializers.IntegerField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)


class NewRetrainingSerializer(StrictSerializer):
    """Why a model should be trained again."""

    reason = Text(max_length=LONGEST_TEXT)
    override = Text(
        max_length=LONGEST_TEXT,
        required=False,
        allow_blank=True,
        help_text="Why the cooldown is not waited for; needs manage_project.",
    )
    origin = Choice(
        [Origin.MONITOR.value],
        required=False,
        help_text="A service account says so when a monitor made it ask.",
    )


class RetrainingWithdrawalSerializer(StrictSerializer):
    """Why it is not wanted any more."""

    comment = Text(max_length=LONGEST_TEXT)


class ClearingSerializer(StrictSerializer):
    """What somebody saw in the tool."""

    has_begun = serializers.BooleanField()
    comment = Text(max_length=LONGEST_TEXT)


class RetrainingFilter(filters.FilterSet):
    """Which requests."""

    state = filters.MultipleChoiceFilter(choices=RetrainingState.choices)
    origin = filters.ChoiceFilter(choices=Origin.choices)
    model = filters.CharFilter("model__name")


class TriggersView(Endpoint):
    """``projects/{slug}/retraining-triggers/``."""

    queryset = RetrainingTrigger.objects.none()
    required_scope = Scope.ADMIN

    @call(
        "retraining",
        "List what trains a project's models again",
        name="retraining_triggers_list",
        answer=TriggerSerializer(many=True),
    )
    def get(self, request: Request, slug: str) -> Response:
        """One for the project, and those of single models."""
        rows = RetrainingTrigger.objects.filter(project=self.project(slug))
        return self.listed(rows.select_related("project", "model"), TriggerSerializer)

    @call(
        "retraining",
        "Say what trains a model again",
        name="retraining_triggers_create",
        body=NewTriggerSerializer,
        answer=TriggerSerializer,
        status=201,
        scope=Scope.ADMIN,
    )
    def post(self, request: Request, slug: str) -> Response:
        """Needs ``manage_project``."""
        project = self.project(slug)
        fields = self.body(NewTriggerSerializer)
        model = self._model(fields.pop("model", None))
        trigger = create_trigger(project, model, TriggerSpec(**fields), by=self.caller)
        return Response(TriggerSerializer(trigger).data, status=201)

    def _model(self, pk: int | None) -> RegisteredModel | None:
        if pk is None:
            return None
        visible = RegisteredModel.objects.visible_to(self.caller).select_related("registry")
        found = visible.filter(pk=pk).first()
        if found is None:
            raise TriggerUnfit.of("model", f"There is no model {pk} that you may see.")
        return found


class TriggerView(Endpoint):
    """``retraining-triggers/{id}/``."""

    required_scope = Scope.ADMIN

    @call(
        "retraining",
        "Read what trains a model again",
        name="retraining_triggers_read",
        answer=TriggerSerializer,
    )
    def get(self, request: Request, pk: int) -> Response:
        """Without its secret, which the portal does not keep."""
        return Response(TriggerSerializer(self._visible(pk)).data)

    @call(
        "retraining",
        "Change what trains a model again",
        name="retraining_triggers_change",
        body=TriggerChangeSerializer,
        answer=TriggerSerializer,
        scope=Scope.ADMIN,
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Needs ``manage_project``. ``is_active: false`` switches it off; open requests go on."""
        trigger = self._visible(pk)
        there = {name: getattr(trigger, name) for name in FIELDS}
        wanted = self.body(TriggerChangeSerializer, partial=True)
        change_trigger(trigger, TriggerSpec(**{**there, **wanted}), by=self.caller)
        return Response(TriggerSerializer(self._visible(pk)).data)

    def _visible(self, pk: int) -> RetrainingTrigger:
        rows = RetrainingTrigger.objects.visible_to(self.caller).select_related("project", "model")
        return one(rows.filter(pk=pk), f"no retraining trigger {pk}")


class RetrainingsView(Endpoint):
    """``projects/{slug}/retraining-requests/``."""

    queryset = RetrainingRequest.objects.none()
    filterset_class = RetrainingFilter

    @call(
        "retraining",
        "List a project's retraining requests",
        name="retraining_requests_list",
        answer=RetrainingSerializer(many=True),
    )
    def get(self, request: Request, slug: str) -> Response:
        """Newest first."""
        rows = RetrainingRequest.objects.filter(model__registry__project=self.project(slug))
        return self.listed(with_relations(rows), RetrainingSerializer)


class ModelRetrainingsView(Endpoint):
    """``models/{id}/retraining-requests/``."""

    required_scope = Scope.ARTIFACTS
    http_method_names = ["post", "options"]

    @call(
        "retraining",
        "Ask for a model to be trained again",
        name="retraining_requests_create",
        body=NewRetrainingSerializer,
        answer=RetrainingSerializer,
        status=201,
        scope=Scope.ARTIFACTS,
    )
    def post(self, request: Request, pk: int) -> Response:
        """Needs ``register_artifact``, or ``manage_project``. One open request per model; then a cooldown."""
        visible = RegisteredModel.objects.visible_to(self.caller).filter(pk=pk)
        model = one(visible.select_related("registry__project"), f"no model {pk}")
        fields = self.body(NewRetrainingSerializer)
        for_monitor = fields.pop("origin", None) is not None
        made = request_retraining(model, **fields, for_monitor=for_monitor, by=self.caller)
        return Response(RetrainingSerializer(made).data, status=201)


class RetrainingView(Endpoint):
    """``retraining-requests/{id}/``."""

    @call(
        "retraining",
        "Read a retraining request",
        name="retraining_requests_read",
        answer=RetrainingSerializer,
    )
    def get(self, request: Request, pk: int) -> Response:
        """With how it stands in the tool."""
        return Response(RetrainingSerializer(self._visible(pk)).data)

    def _visible(self, pk: int) -> RetrainingRequest:
        rows = RetrainingRequest.objects.visible_to(self.caller).filter(pk=pk)
        return one(with_relations(rows), f"no retraining request {pk}")


class WithdrawView(RetrainingView):
    """``retraining-requests/{id}/withdraw/``."""

    required_scope = Scope.ARTIFACTS
    http_method_names = ["post", "options"]

    @call(
        "retraining",
        "Withdraw a retraining request",
        name="retraining_requests_withdraw",
        body=RetrainingWithdrawalSerializer,
        answer=RetrainingSerializer,
        scope=Scope.ARTIFACTS,
    )
    def post(self, request: Request, pk: int) -> Response:
        """One's own, or with ``manage_project``. What the tool has begun goes on there."""
        withdraw_retraining(
            self._visible(pk), **self.body(RetrainingWithdrawalSerializer), by=self.caller
        )
        return Response(RetrainingSerializer(self._visible(pk)).data)


class ClearView(RetrainingView):
    """``retraining-requests/{id}/clear/``."""

    required_scope = Scope.ARTIFACTS
    http_method_names = ["post", "options"]

    @call(
        "retraining",
        "Say whether a training was begun",
        name="retraining_requests_clear",
        body=ClearingSerializer,
        answer=RetrainingSerializer,
        scope=Scope.ARTIFACTS,
    )
    def post(self, request: Request, pk: int) -> Response:
        """For a request in state ``unclear``. Needs ``register_artifact``, or ``manage_project``."""
        clear_retraining(self._visible(pk), **self.body(ClearingSerializer), by=self.caller)
        return Response(RetrainingSerializer(self._visible(pk)).data)


def with_relations(rows: RetrainingQuerySet) -> RetrainingQuerySet:
    """Return the requests with all that is shown of them."""
    return rows.select_related("model__registry__project", "trigger", "requested_by", "version")
