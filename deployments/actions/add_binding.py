"""Say which container of which workload runs an artifact."""

from dataclasses import dataclass

from django.db import transaction

from audit.record import record
from catalog.models import Artifact, ArtifactKind, Environment, User
from catalog.permissions import Permission, require
from catalog.validation import check_fields, refusing_duplicates
from deployments.audit_events import DeploymentEvent
from deployments.clients.cluster import WorkloadKind
from deployments.errors import TargetRefused
from deployments.models import WorkloadBinding
from deployments.queue import nudge_reevaluation_of
from deployments.standing import lock_target, refuse_while_carried_out


@dataclass(frozen=True, kw_only=True)
class BindingSpec:
    """Where an artifact runs."""

    workload: str
    container: str
    workload_kind: str = WorkloadKind.DEPLOYMENT
    replicas: int | None = None
    adopt: bool = False


@transaction.atomic(durable=True)
def add_binding(
    environment: Environment, artifact: Artifact, spec: BindingSpec, *, by: User
) -> WorkloadBinding:
    """Bind an image to a container in the environment's target.

    Raises:
        NotPermitted: without ``manage_project``.
        BeingCarriedOut: a deployment to the environment is unfinished.
        TargetRefused, InvalidInput: a field does not fit.
        AlreadyExists: the container runs another artifact already.
    """
    target = lock_target(environment)
    require(Permission.MANAGE_PROJECT, by, target.environment.project)
    refuse_while_carried_out(target.environment)
    _check_artifact(artifact, target.environment)
    if spec.workload_kind not in list(WorkloadKind):
        raise TargetRefused.of("workload_kind", f"Use one of {', '.join(WorkloadKind)}.")
    binding = WorkloadBinding(
        target=target,
        artifact=artifact,
        workload_kind=str(spec.workload_kind),
        workload=spec.workload,
        container=spec.container,
        replicas=spec.replicas,
        adopt=spec.adopt,
    )
    check_fields(
        binding, "workload", "container", *(["replicas"] if spec.replicas is not None else [])
    )
    taken = f"{spec.workload}/{spec.container} is bound to an artifact already; remove that first."
    with refusing_duplicates("container", taken):
        binding.save(force_insert=True)
    target.revision += 1
    target.save(update_fields=["revision"])
    record(
        DeploymentEvent.BINDING_ADDED,
        subject=target,
        by=by,
        artifact=artifact.name,
        workload=f"{binding.workload}/{binding.container}",
        revision=target.revision,
    )
    nudge_reevaluation_of(environment.pk)
    return binding


def _check_artifact(artifact: Artifact, environment: Environment) -> None:
    if artifact.project_id != environment.project_id:
        raise TargetRefused.of("artifact", "This project has no such artifact.")
    if artifact.kind != ArtifactKind.IMAGE:
        raise TargetRefused.of(
            "artifact",
            f"{artifact.name} is a {artifact.get_kind_display().lower()}; a container runs an image.",
        )
