"""The port to a cluster: the few calls that a carry-out, an inventory and a verification need.

Everything here is plain Python: no SDK types, no Django. ``deployments.clients.kubernetes``
implements :class:`Cluster`; whoever calls it handles exactly two errors:

* :class:`ClusterUnavailable`: the cluster did not answer, or said that it cannot right now.
  Trying again may help.
* :class:`ClusterRefused`: a definite no. Trying the same again gives the same answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

FIELD_MANAGER = "gatehouse"
"""The name under which the portal owns fields in the cluster (server-side apply)."""

ANNOTATION_CHANGE_REQUEST = "gatehouse.dev/change-request"
ANNOTATION_RELEASE = "gatehouse.dev/release"
ANNOTATION_DIGEST = "gatehouse.dev/digest"
LABEL_MANAGED_BY = "app.kubernetes.io/managed-by"

DEFAULT_PATIENCE = timedelta(seconds=60)
"""How long a new pod may stay unable to start before its rollout counts as failed.

Image registries hiccup and a first crash may be a dependency that is still starting, so one bad
look is no failure. The cluster's own ``progressDeadlineSeconds`` fails a rollout regardless."""


class ClusterError(Exception):
    """What a cluster said instead of doing it: a ``sentence`` for people, a ``code``."""

    code = "cluster_error"

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class ClusterUnavailable(ClusterError):
    """The cluster did not answer, or answered that it cannot now. Trying again may help."""

    code = "cluster_unavailable"


@dataclass(frozen=True)
class FieldConflict:
    """A field that another manager owns: who, and which (``.spec.replicas``)."""

    manager: str
    field: str


class ClusterRefused(ClusterError):
    """A definite no: forbidden, invalid, in conflict. Trying the same again cannot help."""

    code = "cluster_refused"

    def __init__(
        self, sentence: str, *, status: int = 0, conflicts: tuple[FieldConflict, ...] = ()
    ) -> None:
        super().__init__(sentence)
        self.status = status
        self.conflicts = conflicts


class WorkloadMissing(ClusterRefused):
    """The workload is not there (and no template was given to create it from)."""

    code = "workload_missing"


class WorkloadKind(StrEnum):
    """The kinds of workload that a target may bind."""

    DEPLOYMENT = "Deployment"
    INFERENCE_SERVICE = "InferenceService"


OF_CONTAINERS = (WorkloadKind.DEPLOYMENT,)
"""The kinds that every cluster has, whose pods run images of ours."""


@dataclass(frozen=True, order=True)
class Workload:
    """What is deployed to: a kind, a namespace and a name."""

    namespace: str
    name: str
    kind: WorkloadKind = WorkloadKind.DEPLOYMENT

    def __str__(self) -> str:
        return f"{self.kind.value} {self.namespace}/{self.name}"


@dataclass(frozen=True)
class WorkloadState:
    """What the cluster wants this workload to be, as read or as answered to an apply."""

    workload: Workload
    exists: bool
    images: Mapping[str, str] = field(default_factory=dict)
    """Image reference by container name, init containers included."""
    generation: int = 0
    observed_generation: int = 0
    replicas: int = 0
    ready_replicas: int = 0
    uid: str = ""
    resource_version: str = ""
    annotations: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)


class RolloutPhase(StrEnum):
    """How far a rollout is; ``failed`` is the cluster's definite word, never an error of ours."""

    PROGRESSING = "progressing"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class PodProblem:
    """Why one container of a new pod does not run, in the cluster's words."""

    pod: str
    container: str
    reason: str
    message: str
    exit_code: int | None = None
    restarts: int = 0
    since: datetime | None = None
    """When the pod was created."""


@dataclass(frozen=True)
class RolloutStatus:
    """One look at a rollout. ``reason`` is a sentence that may stand on a page as it is."""

    phase: RolloutPhase
    reason: str
    desired: int = 0
    updated: int = 0
    ready: int = 0
    available: int = 0
    total: int = 0
    generation: int = 0
    observed_generation: int = 0
    problems: tuple[PodProblem, ...] = ()
    warnings: tuple[str, ...] = ()
    """The latest warning events of the new pods and their owners, newest first."""
    resource_version: str = ""
    """Hand it to :meth:`Cluster.wait` as ``since`` so that no change between is missed."""

    @property
    def done(self) -> bool:
        return self.phase is RolloutPhase.DONE

    @property
    def failed(self) -> bool:
        return self.phase is RolloutPhase.FAILED


@dataclass(frozen=True)
class RunningContainer:
    """One container of a pod that has not ended, and the digest that the node says it runs."""

    pod: str
    container: str
    image: str
    """The reference in the pod's spec."""
    image_id: str
    """What the node reports, verbatim; empty until it has started."""
    digest: str | None
    """``sha256:…`` out of ``image_id``; ``None`` when the node has not reported a digest."""
    ready: bool
    new: bool
    """Whether the pod is of the workload's present revision."""
    terminating: bool
    started_at: datetime | None = None


@dataclass(frozen=True)
class RunningDigests:
    """Every container of every pod of a workload that has not ended."""

    workload: Workload
    containers: tuple[RunningContainer, ...]

    @property
    def new(self) -> tuple[RunningContainer, ...]:
        """The containers of pods of the present revision."""
        return tuple(running for running in self.containers if running.new)

    @property
    def old(self) -> tuple[RunningContainer, ...]:
        """The containers of earlier revisions' pods that still run."""
        return tuple(running for running in self.containers if not running.new)

    def digests_of(self, container: str) -> frozenset[str | None]:
        """What this container runs as, over all pods; ``None`` stands for "not reported"."""
        return frozenset(each.digest for each in self.containers if each.container == container)


@dataclass(frozen=True)
class ClusterCheck:
    """That a cluster answers, and whether we may do there what a carry-out does."""

    version: str
    may_apply: bool | None
    """``None`` when the cluster offers no SelfSubjectAccessReview to ask by."""
    sentence: str


class Cluster(Protocol):
    """The calls. Every one is bounded in time and raises only ``ClusterError``s."""

    def check(self, namespace: str = "default") -> ClusterCheck:
        """Ask the cluster for its version and whether we may apply workloads in ``namespace``."""

    def current(self, workload: Workload) -> WorkloadState:
        """Read a workload; ``exists`` is false when it is not there."""

    def apply(
        self,
        workload: Workload,
        images: Mapping[str, str],
        *,
        annotations: Mapping[str, str] | None = None,
        labels: Mapping[str, str] | None = None,
        template: Mapping[str, Any] | None = None,
        dry_run: bool = False,
        force: bool = False,
        restore: bool = False,
    ) -> WorkloadState:
        """Make ``images`` (container → ``repository@sha256:…``) what the workload should run.

        Declarative and repeatable: the same call again changes nothing. Only the images, our
        annotations and our labels become ours; all other fields stay with their managers. An absent
        workload is created when ``template`` is given: the workload's ``spec``, of which anything
        may be left out (``{}`` is one replica of the named containers).

        ``force`` takes a field from another manager. Without it that is a ``ClusterRefused``
        with ``conflicts``. ``restore`` puts back what was there before us, by tag if so it was.
        ``dry_run`` asks the cluster to check everything and change nothing.
        """

    def rollout(
        self, workload: Workload, *, patience: timedelta = DEFAULT_PATIENCE
    ) -> RolloutStatus:
        """Look once at how the workload's present revision is doing.

        Raise ``WorkloadMissing`` when it is gone.
        """

    def wait(
        self,
        workload: Workload,
        *,
        since: str,
        seconds: float = 2.0,
        patience: timedelta = DEFAULT_PATIENCE,
    ) -> RolloutStatus:
        """Hold until the workload changed after ``since``, at most ``seconds``, then look.

        For a loop with heartbeats: ``status = cluster.wait(w, since=status.resource_version)``.
        """

    def running_digests(self, workload: Workload) -> RunningDigests:
        """Read what the workload's pods really run, old and new ones."""

    def list_workloads(self, namespace: str) -> list[WorkloadState]:
        """Read every workload of the known kinds in a namespace, by name."""
