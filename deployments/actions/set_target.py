"""How an environment is reached, from now on."""

from dataclasses import dataclass

from django.db import transaction

from audit.outgoing import OutgoingRefused, check_url
from audit.record import record
from catalog.locking import locked
from catalog.models import Environment, User
from catalog.permissions import Permission, require
from catalog.validation import check_fields
from deployments.audit_events import DeploymentEvent
from deployments.errors import TargetRefused
from deployments.models import Cluster, Executor, Target
from deployments.queue import nudge_reevaluation_of
from deployments.standing import refuse_while_carried_out

SHORTEST = 10
"""Seconds."""
LONGEST = {
    Executor.KUBERNETES: 2 * 3600,
    Executor.WEBHOOK: 7 * 24 * 3600,
    Executor.MANUAL: 30 * 24 * 3600,
}
"""Seconds that an attempt may take; people and outside systems may be slow, a rollout may not."""


@dataclass(frozen=True, kw_only=True)
class TargetSpec:
    """What the target is to be."""

    executor: str
    cluster: Cluster | None = None
    namespace: str = ""
    webhook_url: str = ""
    webhook_secret: str = ""
    timeout_seconds: int = 600


@transaction.atomic(durable=True)
def set_target(environment: Environment, spec: TargetSpec, *, by: User) -> Target:
    """Set or replace the target; its bindings stay. Approvals of open change requests are void then.

    Raises:
        NotPermitted: without ``manage_project``.
        BeingCarriedOut: a deployment to the environment is unfinished.
        TargetRefused, InvalidInput: a field does not fit, or belongs to another project.
    """
    environment = locked(environment)
    require(Permission.MANAGE_PROJECT, by, environment.project)
    refuse_while_carried_out(environment)
    target = Target.objects.filter(environment=environment).first()
    target = target or Target(environment=environment, revision=0)
    _fill(target, spec)
    _check(target)
    target.revision += 1
    target.save()
    record(
        DeploymentEvent.TARGET_SET,
        subject=target,
        by=by,
        what=in_words(target),
        revision=target.revision,
    )
    nudge_reevaluation_of(environment.pk)
    return target


def in_words(target: Target) -> str:
    """Return how the environment is reached, as part of a sentence."""
    match target.executor:
        case Executor.KUBERNETES:
            return f"namespace {target.namespace} of the cluster {target.cluster}"
        case Executor.WEBHOOK:
            return f"a webhook at {check_url(target.webhook_url)}"
        case _:
            return "by hand"


def _fill(target: Target, spec: TargetSpec) -> None:
    """Take from the spec what its executor needs, and nothing else."""
    on_cluster = spec.executor == Executor.KUBERNETES
    by_webhook = spec.executor == Executor.WEBHOOK
    target.executor = spec.executor
    target.cluster = spec.cluster if on_cluster else None
    target.namespace = spec.namespace if on_cluster else ""
    target.webhook_url = spec.webhook_url if by_webhook else ""
    target.webhook_secret = spec.webhook_secret if by_webhook else ""
    target.timeout_seconds = spec.timeout_seconds


def _check(target: Target) -> None:
    check_fields(
        target, "executor", "namespace", "webhook_url", "webhook_secret", "timeout_seconds"
    )
    longest = LONGEST[Executor(target.executor)]
    if not SHORTEST <= target.timeout_seconds <= longest:
        raise TargetRefused.of(
            "timeout_seconds", f"Use {SHORTEST} to {longest} seconds for this executor."
        )
    match target.executor:
        case Executor.KUBERNETES:
            _check_place(target)
        case Executor.WEBHOOK:
            _check_webhook(target)


def _check_place(target: Target) -> None:
    """A namespace of a cluster belongs to one project, or one project could deploy over another."""
    if target.cluster is None:
        raise TargetRefused.of("cluster", "Name the cluster.")
    if not target.namespace:
        raise TargetRefused.of("namespace", "Name the namespace.")
    if target.namespace.startswith("kube-"):
        raise TargetRefused.of(
            "namespace", "Namespaces that begin with kube- are the cluster's own; name another."
        )
    locked(target.cluster)
    others = Target.objects.filter(cluster=target.cluster, namespace=target.namespace).exclude(
        environment__project_id=target.environment.project_id
    )
    if others.exists():
        raise TargetRefused.of(
            "namespace",
            f"The namespace {target.namespace} of {target.cluster} is another project's; name one "
            "of your own.",
        )


def _check_webhook(target: Target) -> None:
    try:
        check_url(target.webhook_url)
    except OutgoingRefused as refusal:
        raise TargetRefused.of("webhook_url", refusal.sentence) from refusal
    slug = target.environment.project.slug
    if target.webhook_secret != slug and not target.webhook_secret.startswith(f"{slug}."):
        raise TargetRefused.of(
            "webhook_secret",
            f"Name the file that holds the signing secret; its name is {slug!r} or begins with "
            f"'{slug}.', so that no project signs with another's secret.",
        )
