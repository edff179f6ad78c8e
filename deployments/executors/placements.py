"""Which workload is to run what: a release, seen through the bindings of a target."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta

from catalog.models import ArtifactKind, ArtifactVersion
from deployments.clients.cluster import Workload, WorkloadKind
from deployments.clients.serving import ServingMode
from deployments.executors.addresses import why_not_loadable
from deployments.executors.images import ImagePlacement
from deployments.executors.models import ModelPlacement
from deployments.executors.placement import Placement
from deployments.executors.port import DefiniteNo
from deployments.models import Target, WorkloadBinding
from models_registry.models import ModelVersion
from releases.models import Release

Versions = dict[int, ArtifactVersion]
"""By artifact."""

FORMATS_OF_FLAVOURS = {
    "python_function": "mlflow",
    "sklearn": "sklearn",
    "xgboost": "xgboost",
    "lightgbm": "lightgbm",
    "tensorflow": "tensorflow",
    "onnx": "onnx",
    "transformers": "huggingface",
}
"""KServe's format by MLflow's flavour, the best first: its MLflow runtime loads what MLflow saved."""


def placements_of(release: Release, target: Target) -> list[Placement]:
    """Return what each bound workload shall run, ordered by name.

    Bindings of artifacts that the release does not contain are left alone: their workloads keep what
    they run.

    Raises:
        DefiniteNo: an image has no binding or no address, a model has an address that cannot be
            loaded or no format, or nothing is bound at all.
    """
    versions = {
        item.artifact_version.artifact_id: item.artifact_version
        for item in release.items.select_related("artifact_version__artifact")
    }
    bindings = list(target.bindings.filter(artifact_id__in=versions).select_related("artifact"))
    _refuse_unbound(versions.values(), bindings)
    by_workload: dict[tuple[str, str], list[WorkloadBinding]] = defaultdict(list)
    for binding in bindings:
        by_workload[binding.workload, binding.workload_kind].append(binding)
    return [_placement(target, group, versions) for _, group in sorted(by_workload.items())]


def _refuse_unbound(versions: Iterable[ArtifactVersion], bindings: list[WorkloadBinding]) -> None:
    bound = {binding.artifact_id for binding in bindings}
    unbound = sorted(
        version.artifact.name
        for version in versions
        if version.artifact.kind == ArtifactKind.IMAGE and version.artifact_id not in bound
    )
    if unbound:
        raise DefiniteNo(
            f"No workload of the target is bound to {', '.join(unbound)}. Every image of a release "
            "needs a binding in the environment's target, so that nothing approved is left behind."
        )
    if not bindings:
        raise DefiniteNo(
            "Nothing in this release is bound to a workload of the target, so there is nothing that "
            "could be carried out or verified. Bind an artifact in the environment's target."
        )


def _placement(target: Target, bindings: list[WorkloadBinding], versions: Versions) -> Placement:
    if bindings[0].workload_kind == WorkloadKind.INFERENCE_SERVICE:
        (binding,) = bindings
        return _of_model(target, binding, versions[binding.artifact_id])
    return _of_images(target, bindings, versions)


# ── images ───────────────────────────────────────────────────────────────────────────────────────


def _of_images(
    target: Target, bindings: list[WorkloadBinding], versions: Versions
) -> ImagePlacement:
    first = bindings[0]
    workload = Workload(target.namespace, first.workload, WorkloadKind(first.workload_kind))
    return ImagePlacement(
        workload=workload,
        images={each.container: image_reference(versions[each.artifact_id]) for each in bindings},
        digests={each.container: versions[each.artifact_id].digest for each in bindings},
        replicas=next((each.replicas for each in bindings if each.replicas is not None), 1),
        adopt=all(each.adopt for each in bindings),
        artifacts=sorted(each.artifact.name for each in bindings),
    )


def image_reference(version: ArtifactVersion) -> str:
    """Return ``repository@sha256:…``: where the image is, and which one by digest.

    Raises:
        DefiniteNo: the version says no address, or one with another digest.
    """
    address, _, digest = version.uri.rpartition("://")[2].partition("@")
    path, slash, last = address.rpartition("/")
    repository = f"{path}{slash}{last.partition(':')[0]}"  # a tag is a label, never an identity
    if not repository:
        raise DefiniteNo(
            f"{version} was registered without the address of its image (uri), so the cluster cannot "
            "be told where to find it. Register a version with its address."
        )
    if digest and digest != version.digest:
        raise DefiniteNo(
            f"{version} is {version.digest}, but its address names {digest}. Register it again as a "
            "version of its own with one digest."
        )
    return f"{repository}@{version.digest}"


# ── models ───────────────────────────────────────────────────────────────────────────────────────


def _of_model(target: Target, binding: WorkloadBinding, version: ArtifactVersion) -> ModelPlacement:
    known = ModelVersion.objects.filter(artifact_version=version).first()
    return ModelPlacement(
        workload=Workload(target.namespace, binding.workload, WorkloadKind.INFERENCE_SERVICE),
        storage_uri=model_address(version, known),
        digest=version.digest,
        model_format=binding.model_format or _format_of(version, known),
        runtime=binding.runtime,
        replicas=binding.replicas,
        mode=ServingMode(binding.serving_mode),
        percents=tuple(binding.canary_percents),
        hold=timedelta(seconds=binding.canary_hold_seconds),
        adopt=binding.adopt,
        artifacts=[binding.artifact.name],
    )


def model_address(version: ArtifactVersion, known: ModelVersion | None) -> str:
    """Return the address from which KServe loads the model: as MLflow resolved it, if it is MLflow's.

    Raises:
        DefiniteNo: KServe cannot load a model from there.
    """
    address = known.download_uri if known is not None else version.uri
    why_not = why_not_loadable(address)
    if why_not:
        said = f" from {address}" if address else ""
        raise DefiniteNo(f"KServe cannot load {version}{said}: {why_not}.")
    return address


def _format_of(version: ArtifactVersion, known: ModelVersion | None) -> str:
    flavours = known.flavours if known is not None else {}
    for flavour, model_format in FORMATS_OF_FLAVOURS.items():
        if flavour in flavours:
            return model_format
    said = f"its flavours are {', '.join(sorted(flavours))}" if flavours else "it names no flavour"
    raise DefiniteNo(
        f"Nobody says in which format {version} is: {said}. Name the model format in the binding of "
        f"{version.artifact.name}, such as sklearn, xgboost or mlflow."
    )
