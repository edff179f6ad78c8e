"""The projects, environments and targets of the demo."""

from dataclasses import dataclass

import httpx

from catalog.actions.create_environment import create_environment
from catalog.actions.create_project import create_project
from catalog.models import Artifact, ArtifactKind, Environment, Project, Tier, User
from deployments.actions.add_binding import BindingSpec, add_binding
from deployments.actions.set_target import TargetSpec, set_target
from deployments.clients.cluster import WorkloadKind
from deployments.models import Cluster, Executor

ROLLOUT_SECONDS = 60
"""How long the demo waits for a rollout: an image that cannot start is known well before."""

CANARY = (10, 50)
"""Percent of the requests that a new model answers first in production …"""
CANARY_SECONDS = 5
"""… for so long each: long enough to watch."""


@dataclass(frozen=True)
class Place:
    """A project with its two environments."""

    project: Project
    staging: Environment
    production: Environment


def create_place(slug: str, name: str, description: str, risk_tier: str, *, by: User) -> Place:
    """Create a project with staging and production."""
    project = create_project(
        slug=slug, name=name, description=description, risk_tier=risk_tier, by=by
    )
    staging = create_environment(project, name="staging", tier=Tier.STAGING, by=by)
    production = create_environment(project, name="production", tier=Tier.PRODUCTION, by=by)
    return Place(project, staging, production)


def reach_by_cluster(place: Place, cluster: Cluster, server: str, *, by: User) -> None:
    """Give both environments a namespace of the cluster, and make the namespaces."""
    for environment in (place.staging, place.production):
        namespace = f"{place.project.slug}-{environment.name}"
        _make_namespace(server, namespace)
        set_target(
            environment,
            TargetSpec(
                executor=Executor.KUBERNETES,
                cluster=cluster,
                namespace=namespace,
                timeout_seconds=ROLLOUT_SECONDS,
            ),
            by=by,
        )


def bind_images(place: Place, replicas: dict[str, int], *, by: User) -> None:
    """Bind every image of the project to a workload of its own name."""
    images = Artifact.objects.filter(project=place.project, kind=ArtifactKind.IMAGE)
    for image in images:
        for environment in (place.staging, place.production):
            spec = BindingSpec(
                workload=image.name, container="app", replicas=replicas.get(image.name, 2)
            )
            add_binding(environment, image, spec, by=by)


def bind_models(place: Place, *, by: User) -> None:
    """Let KServe serve every model of the project; in production a new one takes over part by part."""
    for model in Artifact.objects.filter(project=place.project, kind=ArtifactKind.MODEL):
        for environment in (place.staging, place.production):
            spec = BindingSpec(
                workload=model.name,
                workload_kind=WorkloadKind.INFERENCE_SERVICE,
                model_format="sklearn",
                replicas=1,
                canary_percents=CANARY if environment == place.production else (),
                canary_hold_seconds=CANARY_SECONDS,
            )
            add_binding(environment, model, spec, by=by)


def _make_namespace(server: str, name: str) -> None:
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    answer = httpx.post(f"{server}/api/v1/namespaces", json=body, timeout=10)
    if answer.status_code != httpx.codes.CONFLICT:
        answer.raise_for_status()
