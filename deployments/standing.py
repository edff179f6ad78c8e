"""Whether a target may change now."""

from catalog.locking import locked
from catalog.models import Environment
from deployments.errors import BeingCarriedOut, TargetRefused
from deployments.models import Deployment, Target


def lock_target(environment: Environment) -> Target:
    """Return the environment's target with its environment's row locked, as a claim locks it.

    Raises:
        TargetRefused: the environment has none.
    """
    environment = locked(environment)
    target = Target.objects.filter(environment=environment).first()
    if target is None:
        raise TargetRefused(
            f"{environment} has no target yet. Set how it is reached, then bind artifacts."
        )
    target.environment = environment
    return target


def refuse_while_carried_out(environment: Environment) -> None:
    """Refuse while a deployment is unfinished: it relies on the target it began with.

    Raises:
        BeingCarriedOut: one is.
    """
    unfinished = (
        Deployment.objects.unfinished()
        .filter(environment=environment)
        .select_related("change_request")
        .first()
    )
    if unfinished is not None:
        raise BeingCarriedOut(
            f"{unfinished.change_request.label} is being carried out on {environment}; the target "
            "can be changed when that has ended."
        )
