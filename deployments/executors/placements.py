"""Which workload is to run which image: a release, seen through the bindings of a target."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from catalog.models import ArtifactKind, ArtifactVersion
from deployments.clients.cluster import Workload, WorkloadKind
from deployments.executors.port import DefiniteNo
from deployments.models import Target, WorkloadBinding
from releases.models import Release


@dataclass(frozen=True)
class Placement:
    """What one workload shall run."""

    workload: Workload
    images: dict[str, str]
    """Image reference with digest, by container."""
    digests: dict[str, str]
    """The approved digest, by container."""
    replicas: int
    """Only used when the workload does not exist yet."""
    adopt: bool
    """Whether the images may be taken from another field manager."""

    @property
    def name(self) -> str:
        """The workload's name, which is unique in a target."""
        return self.workload.name

    @property
    def words(self) -> str:
        """The images as people read them."""
        return ", ".join(sorted(self.images.values()))


def placements_of(release: Release, target: Target) -> list[Placement]:
    """Return what each bound workload shall run, ordered by name.

    Bindings of artifacts that the release does not contain are left alone: their workloads keep what
    they run.

    Raises:
        DefiniteNo: an image has no binding or no address, or nothing is bound at all.
    """
    versions = {
        item.artifact_version.artifact_id: item.artifact_version
        for item in release.items.select_related("artifact_version__artifact")
    }
    bindings = list(target.bindings.filter(artifact_id__in=versions))
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


def _placement(
    target: Target, bindings: list[WorkloadBinding], versions: dict[int, ArtifactVersion]
) -> Placement:
    first = bindings[0]
    workload = Workload(target.namespace, first.workload, WorkloadKind(first.workload_kind))
    return Placement(
        workload=workload,
        images={each.container: image_reference(versions[each.artifact_id]) for each in bindings},
        digests={each.container: versions[each.artifact_id].digest for each in bindings},
        replicas=next((each.replicas for each in bindings if each.replicas is not None), 1),
        adopt=all(each.adopt for each in bindings),
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
