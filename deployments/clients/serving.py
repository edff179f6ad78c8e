"""What a KServe InferenceService shall be and is, in plain Python: the part of the port about models.

KServe has two modes, each with a canary of its own kind. Both are one thing here: a predictor, and
perhaps a challenger beside it that gets a part of the traffic.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, Protocol

from deployments.clients.cluster import DEFAULT_PATIENCE, Cluster, RolloutStatus, Workload

ANNOTATION_MODEL_DIGEST = "gatehouse.dev/model-digest"
"""On the predictor, and by KServe on its pods: the approved digest of the model that they load."""


class ServingMode(StrEnum):
    """How KServe deploys; cannot change once the service is there."""

    STANDARD = "Standard"
    KNATIVE = "Knative"


@dataclass(frozen=True)
class Predictor:
    """What one predictor loads and how."""

    storage_uri: str
    model_format: str = ""
    runtime: str = ""
    """A serving runtime of the cluster; empty: KServe chooses one for the format."""
    replicas: int | None = None
    """``minReplicas``; none: KServe's default."""
    name: str = ""
    """Tells a canary from the predictor beside which it runs; part of its Deployment's name."""
    annotations: Mapping[str, str] = field(default_factory=dict)
    """Our marks: which model this is by digest, and by which change request it runs."""

    @property
    def digest(self) -> str:
        """The digest that we wrote down for it; empty if we did not."""
        return self.annotations.get(ANNOTATION_MODEL_DIGEST, "")

    def is_same_model_as(self, other: "Predictor") -> bool:
        """Return whether both load the same."""
        return (self.storage_uri, self.digest) == (other.storage_uri, other.digest)

    def as_json(self) -> dict[str, Any]:
        """Return it as a step remembers it."""
        return asdict(self)


@dataclass(frozen=True)
class Serving:
    """What the whole service shall be.

    In the Standard mode a challenger runs beside the predictor. In the Knative mode it *is* the
    predictor, and the revision that was rolled out before gets the rest of the traffic.
    """

    predictor: Predictor
    mode: ServingMode = ServingMode.STANDARD
    challenger: Predictor | None = None
    percent: int = 0
    """The challenger's part of the traffic."""
    stopped: bool = False
    """Whether it shall have no pods at all."""


@dataclass(frozen=True)
class ServingState:
    """What the cluster wants the service to be."""

    workload: Workload
    exists: bool
    predictor: Predictor | None = None
    mode: ServingMode = ServingMode.STANDARD
    canaries: int = 0
    """How many challengers it has, ours or somebody else's; a pinned Knative revision is one."""
    stopped: bool = False
    is_ours: bool = False
    resource_version: str = ""


@dataclass(frozen=True)
class ServingPod:
    """One pod of a predictor, and the model that it was told to load."""

    pod: str
    storage_uri: str
    digest: str
    ready: bool
    new: bool
    """Whether it is of the present state of its Deployment."""
    terminating: bool


@dataclass(frozen=True)
class Served:
    """Who answers the service's requests."""

    workload: Workload
    pods: tuple[ServingPod, ...]
    """Of every predictor and revision of the service."""
    elsewhere: tuple[str, ...] = ()
    """Canaries and revisions beside the predictor, with their part of the traffic, in words."""


class ServingCluster(Cluster, Protocol):
    """The calls about models. As those of :class:`Cluster`: bounded, and only ``ClusterError``s."""

    def serving(self, workload: Workload) -> ServingState:
        """Read an InferenceService; ``exists`` is false when it is not there."""

    def serve(
        self, workload: Workload, serving: Serving, *, dry_run: bool = False, force: bool = False
    ) -> ServingState:
        """Make the service like this; it is created when it is not there.

        Declarative and repeatable. Only what :class:`Serving` says becomes ours. ``force`` takes a
        field from another manager; without it that is a ``ClusterRefused`` with ``conflicts``.
        """

    def serving_rollout(
        self,
        workload: Workload,
        wanted: Predictor,
        *,
        beside: bool = False,
        patience: timedelta = DEFAULT_PATIENCE,
    ) -> RolloutStatus:
        """Look once at whether the predictor (a challenger, if ``beside``) has loaded its model.

        Raise ``WorkloadMissing`` when the service is gone.
        """

    def wait_for_serving(
        self,
        workload: Workload,
        wanted: Predictor,
        *,
        since: str,
        beside: bool = False,
        seconds: float = 2.0,
        patience: timedelta = DEFAULT_PATIENCE,
    ) -> RolloutStatus:
        """Hold until the service changed after ``since``, at most ``seconds``, then look."""

    def traffic(self, workload: Workload, challenger: Predictor) -> int | None:
        """Read which part of the traffic the challenger gets; none while nobody says."""

    def served(self, workload: Workload) -> Served:
        """Read who answers: every pod, and who else has a part of the traffic."""
