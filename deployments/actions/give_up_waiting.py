"""Somebody outside should have spoken by now."""

from django.db import transaction
from django.utils import timezone

from deployments import endings
from deployments.models import Deployment, DeploymentState


@transaction.atomic(durable=True)
def give_up_waiting(deployment_id: int) -> None:
    """End a waiting deployment whose time is over as errored; quiet when it has ended already."""
    deployment = Deployment.objects.lock_with_request(deployment_id)
    if deployment.state != DeploymentState.WAITING or deployment.give_up_at > timezone.now():
        return
    allowed = deployment.environment.target.timeout_seconds
    endings.give_up(
        deployment,
        why=f"Nobody reported within {allowed} seconds, which the target allows, so nobody can tell "
        "whether it was carried out.",
    )
