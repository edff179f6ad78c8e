"""Data over REST: which states of it there are, and what was made from one."""

from typing import Any, Final

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.describe import call, query
from catalog.api.endpoint import Endpoint
from catalog.api.strict import StrictSerializer, Text
from deployments.lineage.states import LONGEST, states_named
from deployments.lineage.uses import FOR_THE_API, uses_of
from releases.states import ChangeRequestState

_DIGEST: Final = (
    "As MLflow, a dvc.lock or a report writes it: `md5:…`, `delta:<table id>@<version>`, or MLflow's "
    "own eight digits."
)


class DigestSerializer(StrictSerializer):
    """Which state."""

    digest = Text(max_length=LONGEST)


class NameSerializer(StrictSerializer):
    """Which data set."""

    name = Text(max_length=LONGEST)


class NamedStateSerializer(serializers.Serializer[Any]):
    """One state of a data set, and how many runs, locks and reports name it."""

    name = serializers.CharField()
    digest = serializers.CharField()
    named = serializers.IntegerField()


class StateSerializer(serializers.Serializer[Any]):
    """The state that was asked for, or one that was prepared from it."""

    name = serializers.CharField(help_text="Empty for what was asked for.")
    digest = serializers.CharField()
    made_from = serializers.CharField(help_text="Empty for what was asked for.")


class UseSerializer(serializers.Serializer[Any]):
    """A version that was made from it."""

    artifact_version = serializers.IntegerField(source="pk")
    project = serializers.CharField()
    name = serializers.CharField()
    through = serializers.ListField(
        child=serializers.CharField(), help_text="By which data sets, and who says so."
    )
    url = serializers.CharField(help_text="Its page.")


class PlaceServedSerializer(serializers.Serializer[Any]):
    """One that serves in an environment now."""

    artifact_version = serializers.IntegerField(source="use.pk")
    name = serializers.CharField(source="use.name")
    project = serializers.CharField(source="use.project")
    environment = serializers.CharField()
    release = serializers.CharField()
    change_request = serializers.CharField(source="label")
    since = serializers.DateTimeField(allow_null=True)


class ComingSerializer(serializers.Serializer[Any]):
    """A change request that has not come to its end, and would bring some of them somewhere."""

    change_request = serializers.CharField(source="label")
    state = serializers.ChoiceField(ChangeRequestState.choices)
    project = serializers.CharField()
    environment = serializers.CharField()
    release = serializers.CharField()
    names = serializers.ListField(child=serializers.CharField())


class UsesSerializer(serializers.Serializer[Any]):
    """What was made from a state of data; ``remarks`` say what is not certain and what was left out."""

    digest = serializers.CharField()
    names = serializers.ListField(child=serializers.CharField())
    states = StateSerializer(many=True)
    serving = PlaceServedSerializer(many=True)
    coming = ComingSerializer(many=True)
    versions = UseSerializer(many=True)
    remarks = serializers.ListField(child=serializers.CharField())


class NamedStatesSerializer(serializers.Serializer[Any]):
    """The states of a data set, the newest first."""

    states = NamedStateSerializer(many=True)


class DataStatesView(Endpoint):
    """``data/states/``."""

    @call(
        "lineage",
        "List the states of a data set",
        name="data_states",
        answer=NamedStatesSerializer,
        parameters=[query("name", str, "As MLflow, a dvc.lock or a report calls it.")],
    )
    def get(self, request: Request) -> Response:
        """Every digest under which somebody names it, in the projects that you may see."""
        name = _asked(NameSerializer, request)["name"]
        found = states_named(name, reader=self.caller, most=FOR_THE_API)
        states = [
            {"name": state.name, "digest": state.digest, "named": count} for state, count in found
        ]
        return Response({"states": NamedStateSerializer(states, many=True).data})


class DataUsesView(Endpoint):
    """``data/uses/``."""

    @call(
        "lineage",
        "Read what was made from a state of data, and where it runs",
        name="data_uses",
        answer=UsesSerializer,
        parameters=[query("digest", str, _DIGEST)],
    )
    def get(self, request: Request) -> Response:
        """In the projects that you may see. What serves and what is on its way is complete."""
        digest = _asked(DigestSerializer, request)["digest"]
        found = uses_of(digest, reader=self.caller, most=FOR_THE_API)
        return Response(UsesSerializer(found).data)


def _asked(shape: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    asked = shape(data=request.query_params)
    asked.is_valid(raise_exception=True)
    return dict(asked.validated_data)
