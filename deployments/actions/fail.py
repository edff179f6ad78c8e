"""A deployment that came to a definite no has been put back as far as that can be."""

from django.db import transaction

from deployments import endings
from deployments.executors.work import Work
from deployments.models import Deployment, StepState, StepVerb


@transaction.atomic(durable=True)
def fail(work: Work, *, refusals: list[str]) -> None:
    """End the deployment as failed, for the reason it was given when putting back began.

    Args:
        refusals: sentences about what could not be put back.

    Raises:
        LeaseLost: another worker holds it.
    """
    deployment = Deployment.objects.lock_with_request(work.deployment.pk)
    work.still_held(deployment)
    endings.fail(deployment, why=" ".join([deployment.reason, *(refusals or _outlook(deployment))]))


def _outlook(deployment: Deployment) -> list[str]:
    put_back = deployment.steps.filter(verb=StepVerb.PUT_BACK, state=StepState.DONE)
    if put_back.exists():
        return ["What ran before was put back."]
    if deployment.steps.filter(verb=StepVerb.APPLY).exists():
        return ["Nothing was changed."]
    return []
