"""Manual: a person carries it out where the portal has no access, and says so under their name."""

from deployments.executors.port import PlannedStep, Waits
from deployments.executors.work import Work
from deployments.models import StepVerb, Target
from releases.models import ChangeRequest


class ManualExecutor:
    """Waits for a person's word."""

    def steps(self, change_request: ChangeRequest, target: Target) -> list[PlannedStep]:
        """One: somebody does it and attests."""
        return [PlannedStep(StepVerb.ATTEST, "Somebody carries it out by hand and attests")]

    def advance(self, work: Work) -> Waits:
        """Wait."""
        return Waits()

    def put_back(self, work: Work) -> list[str]:
        """Do nothing: what a person did, a person undoes."""
        return []
