"""A container is no longer ours to change."""

from django.db import transaction

from audit.record import record
from catalog.errors import NotFound
from catalog.models import Environment, User
from catalog.permissions import Permission, require
from deployments.audit_events import DeploymentEvent
from deployments.models import Target
from deployments.queue import nudge_reevaluation_of
from deployments.standing import lock_target, refuse_while_carried_out


@transaction.atomic(durable=True)
def remove_binding(environment: Environment, binding_id: int, *, by: User) -> Target:
    """Unbind; what the container runs now, it runs on.

    Raises:
        NotPermitted: without ``manage_project``.
        BeingCarriedOut: a deployment to the environment is unfinished.
        NotFound: the environment's target has no such binding.
    """
    target = lock_target(environment)
    require(Permission.MANAGE_PROJECT, by, target.environment.project)
    refuse_while_carried_out(target.environment)
    binding = target.bindings.select_related("artifact").filter(pk=binding_id).first()
    if binding is None:
        raise NotFound("The target has no such binding.")
    binding.delete()
    target.revision += 1
    target.save(update_fields=["revision"])
    record(
        DeploymentEvent.BINDING_REMOVED,
        subject=target,
        by=by,
        artifact=binding.artifact.name,
        workload=binding.place,
        revision=target.revision,
    )
    nudge_reevaluation_of(environment.pk)
    return target
