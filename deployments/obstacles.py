"""What is known before anybody signs: items that the environment's target cannot take.

``releases`` may not import this app; it finds the function by its dotted path in
``settings.TARGET_OBSTACLES``.
"""

from collections.abc import Sequence

from catalog.models import ArtifactKind, ArtifactVersion, Environment
from deployments.clients.cluster import WorkloadKind
from deployments.executors.placements import model_address
from deployments.executors.port import DefiniteNo
from deployments.models import WorkloadBinding
from models_registry.models import ModelVersion


def obstacles_of(versions: Sequence[ArtifactVersion], environment: Environment) -> list[str]:
    """Return a sentence per model that KServe cannot load there; at most two queries."""
    models = {
        version.artifact_id: version
        for version in versions
        if version.artifact.kind == ArtifactKind.MODEL
    }
    if not models:
        return []
    served = WorkloadBinding.objects.filter(
        target__environment=environment,
        workload_kind=WorkloadKind.INFERENCE_SERVICE,
        artifact__in=models,
    )
    bound = [models[artifact] for artifact in served.values_list("artifact_id", flat=True)]
    if not bound:
        return []
    known = ModelVersion.objects.filter(artifact_version__in=bound)
    by_version = {each.artifact_version_id: each for each in known}
    sentences = (_why_not(version, by_version.get(version.pk)) for version in bound)
    return list(dict.fromkeys(filter(None, sentences)))


def _why_not(version: ArtifactVersion, known: ModelVersion | None) -> str:
    try:
        model_address(version, known)
    except DefiniteNo as refusal:
        return refusal.sentence
    return ""
