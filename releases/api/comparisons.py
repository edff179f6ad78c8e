"""Champion against challenger over REST."""

from dataclasses import asdict
from decimal import Decimal
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.describe import call, query
from catalog.api.endpoint import Endpoint, one
from catalog.errors import InvalidInput
from catalog.models import ArtifactVersion
from releases.comparing.comparison import Change, Comparison, MetricLine
from releases.comparing.known import Known
from releases.comparing.pages import compared_in, is_compared
from releases.gates.asks import Reproducibility
from releases.gates.measures import Measure
from releases.gates.reproducible import checklist

_CHANGES = ["added", "changed", "removed", "unchanged"]


class SideSerializer(serializers.Serializer[Any]):
    """One of the two versions."""

    id = serializers.IntegerField()
    artifact = serializers.CharField()
    version = serializers.CharField()
    digest = serializers.CharField()


class ServingSerializer(SideSerializer):
    """The version that serves in the environment."""

    release = serializers.CharField()
    change_request = serializers.IntegerField()
    since = serializers.DateTimeField(allow_null=True)


class MeasureSerializer(serializers.Serializer[Any]):
    """A measured value; ``value`` is null where the tool said ``NaN`` or the like."""

    value = serializers.FloatField(allow_null=True)
    said = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]  # a field's name that the base class uses otherwise
    n = serializers.IntegerField(allow_null=True)
    dataset = serializers.CharField()


class MetricLineSerializer(serializers.Serializer[Any]):
    """A metric, for the whole (``slice`` is empty) or for ``attribute=value``."""

    metric = serializers.CharField()
    slice = serializers.CharField()
    greater_is_better = serializers.BooleanField(allow_null=True)
    challenger = MeasureSerializer(allow_null=True)
    champion = MeasureSerializer(allow_null=True)
    difference = serializers.FloatField(allow_null=True)
    relative = serializers.FloatField(allow_null=True)
    change = serializers.ChoiceField([str(each) for each in Change])
    on_other_data = serializers.BooleanField()


class ValueLineSerializer(serializers.Serializer[Any]):
    """A parameter, or a fact about the code."""

    name = serializers.CharField()
    change = serializers.ChoiceField(_CHANGES)
    old = serializers.CharField()
    new = serializers.CharField()


class DataLineSerializer(serializers.Serializer[Any]):
    """A data set; a strength is strong (identifies the content), weak or none.

    ``unknown`` means that it cannot be said; ``sentence`` says why.
    """

    name = serializers.CharField()
    context = serializers.CharField()  # type: ignore[assignment]  # a field's name that the base class uses otherwise
    change = serializers.ChoiceField([*_CHANGES, "unknown"])
    sentence = serializers.CharField()
    old_said_by = serializers.CharField()
    new_said_by = serializers.CharField()
    old_digest = serializers.CharField()
    old_strength = serializers.CharField()
    new_digest = serializers.CharField()
    new_strength = serializers.CharField()


class CheckSerializer(serializers.Serializer[Any]):
    """A point of the checklist of reproducibility."""

    name = serializers.CharField()
    title = serializers.CharField()
    outcome = serializers.CharField()
    sentence = serializers.CharField()
    satisfied_by = serializers.CharField()


class ComparisonSerializer(serializers.Serializer[Any]):
    """The version under review against the one that serves; ``champion`` is null where none does."""

    environment = serializers.CharField()
    challenger = SideSerializer()
    champion = ServingSerializer(allow_null=True)
    is_same = serializers.BooleanField()
    metrics = MetricLineSerializer(many=True)
    slices = MetricLineSerializer(many=True)
    parameters = ValueLineSerializer(many=True)
    datasets = DataLineSerializer(many=True)
    code = ValueLineSerializer(many=True)
    reproducibility = CheckSerializer(many=True)


def comparison_document(comparison: Comparison, environment: str) -> dict[str, Any]:
    """Return the comparison as the API answers it."""
    serving, ours = comparison.serving, comparison.challenger
    champion = serving and {
        **_side(serving.version),
        "release": serving.release,
        "change_request": serving.number,
        "since": serving.since,
    }
    document = {
        "environment": environment,
        "challenger": _side(ours.version),
        "champion": champion,
        "is_same": comparison.is_same,
        "metrics": [_metric(line) for line in comparison.metrics],
        "slices": [_metric(line) for line in comparison.slices],
        "parameters": [asdict(line) for line in comparison.parameters],
        "datasets": [asdict(line) for line in comparison.data],
        "code": [asdict(line) for line in comparison.code],
        "reproducibility": _checks(ours),
    }
    return dict(ComparisonSerializer(document).data)


class VersionComparisonView(Endpoint):
    """``artifact-versions/{id}/comparison/``."""

    @call(
        "artifact versions",
        "Compare a model version with what serves",
        name="artifact_version_comparison",
        answer=ComparisonSerializer,
        parameters=[
            query("environment", str, "Default: the last of the path where another version serves.")
        ],
    )
    def get(self, request: Request, pk: int) -> Response:
        """Metrics, slices, parameters, data and code on both sides; models only."""
        visible = ArtifactVersion.objects.visible_to(self.caller)
        version = one(
            visible.filter(pk=pk).select_related("artifact__project"), f"no artifact version {pk}"
        )
        asked = request.query_params.get("environment", "")
        against = compared_in(version, asked) if is_compared(version) else None
        if against is None or (asked and against.environment.name != asked):
            raise InvalidInput.of("environment", self._why(version, asked))
        return Response(comparison_document(against.comparison, against.environment.name))

    def _why(self, version: ArtifactVersion, asked: str) -> str:
        if not is_compared(version):
            return "Only versions of models are compared; this is another kind of artifact."
        where = f"no environment {asked[:63]!r}" if asked else "no environment"
        return f"The project has {where}."


def _side(version: ArtifactVersion) -> dict[str, Any]:
    return {
        "id": version.pk,
        "artifact": version.artifact.name,
        "version": version.version,
        "digest": version.digest,
    }


def _metric(line: MetricLine) -> dict[str, Any]:
    return {
        "metric": line.metric,
        "slice": line.slice,
        "greater_is_better": line.greater_is_better,
        "challenger": _measure(line.challenger),
        "champion": _measure(line.champion),
        "difference": _float(line.difference),
        "relative": _float(line.relative),
        "change": str(line.change),
        "on_other_data": line.on_other_data,
    }


def _measure(measure: Measure | None) -> dict[str, Any] | None:
    if measure is None:
        return None
    return {
        "value": _float(measure.value),
        "said": measure.said,
        "source": measure.source,
        "n": measure.n,
        "dataset": measure.dataset,
    }


def _checks(known: Known) -> list[dict[str, Any]]:
    if known.record is None:
        return []
    return [asdict(each) for each in checklist(known.provenance, Reproducibility())]


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
