"""One environment: what should run there and what was seen running, by digest."""

from collections.abc import Iterable
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.actions.change_environment import change_environment
from catalog.api.describe import call
from catalog.api.endpoint import Endpoint
from catalog.api.environments import LAST_POSITION, EnvironmentSerializer
from catalog.api.strict import Choice, StrictSerializer, Whole
from catalog.models import Environment, Tier
from catalog.models import TokenScope as Scope
from deployments.running import Running, runs_in


class RunningSerializer(serializers.Serializer[Any]):
    """An artifact version in an environment, and the change request that put it there."""

    artifact = serializers.CharField()
    kind = serializers.CharField()
    version = serializers.CharField()
    artifact_version = serializers.IntegerField()
    digest = serializers.CharField()
    release = serializers.CharField()
    change_request = serializers.IntegerField()


class EnvironmentNowSerializer(EnvironmentSerializer):
    """An environment now.

    ``should_run`` is what was approved and carried out last; ``runs`` are those of them whose digest was
    compared with the running pods when they were carried out, and about which there is no doubt since.
    """

    release = serializers.CharField(allow_null=True, help_text="The one that was put there last.")
    change_request = serializers.IntegerField(allow_null=True)
    since = serializers.DateTimeField(allow_null=True)
    should_run = RunningSerializer(many=True)
    runs = RunningSerializer(many=True)
    doubts = serializers.ListField(
        child=serializers.CharField(),
        help_text="Change requests after which nobody knows what runs, each as a sentence.",
    )


class EnvironmentChangesSerializer(StrictSerializer):
    """What is to change; what is not named stays. A position that is taken is made free."""

    tier = Choice(Tier.choices, required=False)
    position = Whole(min_value=0, max_value=LAST_POSITION, required=False)


class EnvironmentView(Endpoint):
    """``projects/{slug}/environments/{name}/``."""

    required_scope = Scope.ADMIN

    @call(
        "environments",
        "Read an environment with what should run and what runs there",
        name="environments_read",
        answer=EnvironmentNowSerializer,
    )
    def get(self, request: Request, slug: str, name: str) -> Response:
        """By digest. A release leaves alone what it does not contain, so several may have a part."""
        return Response(_now(self.environment(slug, name)))

    @call(
        "environments",
        "Change an environment",
        name="environments_change",
        body=EnvironmentChangesSerializer,
        answer=EnvironmentNowSerializer,
        scope=Scope.ADMIN,
    )
    def patch(self, request: Request, slug: str, name: str) -> Response:
        """Needs ``manage_project`` there."""
        environment = self.environment(slug, name)
        fields = self.body(EnvironmentChangesSerializer)
        return Response(_now(change_environment(environment, **fields, by=self.caller)))


def _now(environment: Environment) -> dict[str, Any]:
    now = runs_in(environment.pk)
    return {
        **EnvironmentSerializer(environment).data,
        "release": now.release or None,
        "change_request": now.number,
        "since": now.since,
        "should_run": _documents(now.runs),
        "runs": _documents(each for each in now.runs if each.verified),
        "doubts": [each.sentence for each in now.doubts],
    }


def _documents(running: Iterable[Running]) -> list[dict[str, Any]]:
    return [
        {
            "artifact": each.artifact,
            "kind": each.kind,
            "version": each.version,
            "artifact_version": each.version_id,
            "digest": each.digest,
            "release": each.release,
            "change_request": each.number,
        }
        for each in running
    ]
