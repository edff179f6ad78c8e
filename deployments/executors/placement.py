"""What one workload shall run, and everything that a carry-out does to it.

The steps are the same for every kind of workload; how each kind is looked at, applied to, watched,
compared and put back is told by its placement.
"""

from datetime import timedelta
from typing import Any, Protocol

from deployments.clients.cluster import RolloutStatus, Workload
from deployments.clients.serving import ServingCluster
from deployments.executors.work import Work
from deployments.models import DeploymentStep

Before = dict[str, Any]
"""A workload as it was before, as JSON; ``exists`` says whether there is something to put back."""
Marks = dict[str, str]
"""Our annotations: by which change request and release it runs."""


class Placement(Protocol):
    """One workload in a carry-out. Calls raise ``ClusterError``s and ``DefiniteNo``."""

    @property
    def workload(self) -> Workload:
        """What is deployed to."""

    @property
    def name(self) -> str:
        """The workload's name, which is unique in a target."""

    @property
    def words(self) -> str:
        """What it shall run, as people read it."""

    @property
    def artifacts(self) -> list[str]:
        """The names of the artifacts that it runs."""

    def look(self, cluster: ServingCluster) -> Before:
        """Read what runs. Raise DefiniteNo if the approved does not fit there."""

    def make(
        self, cluster: ServingCluster, before: Before, marks: Marks, *, dry_run: bool = False
    ) -> None:
        """Tell the workload to run the approved, or let the cluster try it."""

    def watch(
        self,
        cluster: ServingCluster,
        before: Before,
        marks: Marks,
        *,
        since: str,
        seconds: float,
        patience: timedelta,
    ) -> RolloutStatus:
        """Look how far that is; hold until something changed after ``since``, if it is given."""

    def compare(self, work: Work, cluster: ServingCluster, step: DeploymentStep) -> int:
        """Hold what runs against what was approved, and return how many pods run it.

        Raises:
            DefiniteNo: something else runs, or nothing.
            NoAnswer: the cluster does not say.
        """

    def restore(
        self, work: Work, cluster: ServingCluster, step: DeploymentStep, before: Before
    ) -> tuple[str, str]:
        """Let run what ran before; return what that is, and how the cluster took it."""
