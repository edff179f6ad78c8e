"""Say where an artifact runs: which container an image, which InferenceService a model."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from audit.record import record
from catalog.models import Artifact, ArtifactKind, Environment, User
from catalog.permissions import Permission, require
from catalog.validation import check_fields, refusing_duplicates
from deployments.audit_events import DeploymentEvent
from deployments.clients.cluster import WorkloadKind
from deployments.clients.serving import ServingMode
from deployments.errors import TargetRefused
from deployments.models import Target, WorkloadBinding
from deployments.queue import nudge_reevaluation_of
from deployments.standing import lock_target, refuse_while_carried_out

SERVICE_NAME = re.compile(r"[a-z]([a-z0-9-]{0,38}[a-z0-9])?")
"""KServe makes longer names out of it, which must fit into the 63 characters of a host name."""
MOST_PARTS = 10
KIND_OF_ARTIFACT = {
    WorkloadKind.DEPLOYMENT: (ArtifactKind.IMAGE, "a container runs an image"),
    WorkloadKind.INFERENCE_SERVICE: (ArtifactKind.MODEL, "an InferenceService serves a model"),
}


@dataclass(frozen=True, kw_only=True)
class BindingSpec:
    """Where an artifact runs. The fields after ``adopt`` are those of an InferenceService."""

    workload: str
    container: str = ""
    workload_kind: str = WorkloadKind.DEPLOYMENT
    replicas: int | None = None
    adopt: bool = False
    model_format: str = ""
    runtime: str = ""
    serving_mode: str = ServingMode.STANDARD
    canary_percents: Sequence[int] = ()
    canary_hold_seconds: int = 60


@transaction.atomic(durable=True)
def add_binding(
    environment: Environment, artifact: Artifact, spec: BindingSpec, *, by: User
) -> WorkloadBinding:
    """Bind an image to a container, or a model to an InferenceService, in the environment's target.

    Raises:
        NotPermitted: without ``manage_project``.
        BeingCarriedOut: a deployment to the environment is unfinished.
        TargetRefused, InvalidInput: a field does not fit.
        AlreadyExists: the container runs, or the service serves, another artifact already.
    """
    target = lock_target(environment)
    require(Permission.MANAGE_PROJECT, by, target.environment.project)
    refuse_while_carried_out(target.environment)
    if spec.workload_kind not in list(WorkloadKind):
        raise TargetRefused.of("workload_kind", f"Use one of {', '.join(WorkloadKind)}.")
    _check_artifact(artifact, target.environment, WorkloadKind(spec.workload_kind))
    binding = _bound(target, artifact, spec)
    if binding.serves_a_model:
        _check_service(binding, target)
    else:
        _check_container(binding, target)
    taken = f"{binding.place} is bound to an artifact already; remove that first."
    with refusing_duplicates("workload" if binding.serves_a_model else "container", taken):
        binding.save(force_insert=True)
    target.revision += 1
    target.save(update_fields=["revision"])
    record(
        DeploymentEvent.BINDING_ADDED,
        subject=target,
        by=by,
        artifact=artifact.name,
        workload=binding.place,
        revision=target.revision,
    )
    nudge_reevaluation_of(environment.pk)
    return binding


def _bound(target: Target, artifact: Artifact, spec: BindingSpec) -> WorkloadBinding:
    """Take from the spec what its kind needs, and nothing else."""
    binding = WorkloadBinding(
        target=target,
        artifact=artifact,
        workload_kind=str(spec.workload_kind),
        workload=spec.workload,
        replicas=spec.replicas,
        adopt=spec.adopt,
    )
    if binding.serves_a_model:
        binding.model_format = spec.model_format
        binding.runtime = spec.runtime
        binding.serving_mode = str(spec.serving_mode)
        binding.canary_percents = list(spec.canary_percents)
        binding.canary_hold_seconds = spec.canary_hold_seconds
    else:
        binding.container = spec.container
    return binding


def _check_artifact(artifact: Artifact, environment: Environment, kind: WorkloadKind) -> None:
    if artifact.project_id != environment.project_id:
        raise TargetRefused.of("artifact", "This project has no such artifact.")
    wanted, rule = KIND_OF_ARTIFACT[kind]
    if artifact.kind != wanted:
        raise TargetRefused.of(
            "artifact", f"{artifact.name} is a {artifact.get_kind_display().lower()}; {rule}."
        )


def _check_container(binding: WorkloadBinding, target: Target) -> None:
    if not binding.container:
        raise TargetRefused.of("container", "Name the container whose image is set.")
    check_fields(binding, "workload", "container", *_replicas(binding))
    _refuse_namesake(binding, target)


def _check_service(binding: WorkloadBinding, target: Target) -> None:
    if binding.serving_mode not in list(ServingMode):
        raise TargetRefused.of("serving_mode", f"Use one of {', '.join(ServingMode)}.")
    fields = ["workload", "canary_hold_seconds", *_replicas(binding)]
    fields += [name for name in ("model_format", "runtime") if getattr(binding, name)]
    check_fields(binding, *fields)
    if not SERVICE_NAME.fullmatch(binding.workload):
        raise TargetRefused.of(
            "workload",
            "Use 1 to 40 lower-case letters, digits and hyphens, beginning with a letter, as KServe "
            "names its services.",
        )
    _check_canary(binding, target)
    _refuse_namesake(binding, target)


def _replicas(binding: WorkloadBinding) -> list[str]:
    return ["replicas"] if binding.replicas is not None else []


def _check_canary(binding: WorkloadBinding, target: Target) -> None:
    percents = binding.canary_percents
    are_parts = all(type(each) is int and 1 <= each <= 99 for each in percents)  # noqa: PLR2004 -- percent
    if not are_parts or sorted(set(percents)) != percents or len(percents) > MOST_PARTS:
        raise TargetRefused.of(
            "canary_percents",
            f"Use up to {MOST_PARTS} whole numbers from 1 to 99, each greater than the one before, "
            "such as 10, 50.",
        )
    held = len(percents) * binding.canary_hold_seconds
    if held >= target.timeout_seconds:
        raise TargetRefused.of(
            "canary_hold_seconds",
            f"The parts would be held for {held} seconds, but the target allows an attempt "
            f"{target.timeout_seconds}. Hold them for less, or give the target more time.",
        )


def _refuse_namesake(binding: WorkloadBinding, target: Target) -> None:
    """The steps and pages tell workloads by their names."""
    others = target.bindings.filter(workload=binding.workload)
    if others.exclude(workload_kind=binding.workload_kind).exists():
        raise TargetRefused.of(
            "workload",
            f"A workload of another kind is called {binding.workload} in this target already; give one "
            "of them another name.",
        )
