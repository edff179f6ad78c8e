"""Deployments: attempts to carry out a change request, under a lease, step by step."""

from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils import timezone

from catalog.models import Environment, Project
from releases.models import ChangeRequest

if TYPE_CHECKING:
    from catalog.models import User


class DeploymentState(models.TextChoices):
    """Where the attempt stands. Failed is a definite no; errored means that nobody could tell."""

    RUNNING = "running", "Running"
    WAITING = "waiting", "Waiting for somebody outside"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"
    ERRORED = "errored", "Errored"


UNFINISHED = (DeploymentState.RUNNING, DeploymentState.WAITING)


class DeploymentQuerySet(models.QuerySet["Deployment"]):
    """Reads of deployments."""

    def visible_to(self, user: "User") -> "DeploymentQuerySet":
        """Return the deployments of the projects this account may see."""
        return self.filter(environment__project__in=Project.objects.visible_to(user))

    def unfinished(self) -> "DeploymentQuerySet":
        """Return those that somebody must still bring to an end."""
        return self.filter(state__in=UNFINISHED)

    def abandoned(self) -> "DeploymentQuerySet":
        """Return those whose worker stopped renewing its lease, and whose next try is due."""
        now = timezone.now()
        return self.filter(state=DeploymentState.RUNNING, lease_until__lt=now).filter(
            models.Q(try_again_at=None) | models.Q(try_again_at__lte=now)
        )


class Deployment(models.Model):
    """One attempt. The row is the work; whoever holds the lease does it."""

    change_request = models.ForeignKey(ChangeRequest, models.PROTECT, related_name="deployments")
    environment = models.ForeignKey(Environment, models.PROTECT, related_name="deployments")
    state = models.CharField(max_length=10, choices=DeploymentState, default=DeploymentState.RUNNING)
    reason = models.TextField(blank=True)
    """Why it failed or errored, in the cluster's own words."""
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    give_up_at = models.DateTimeField()
    lease_holder = models.CharField(max_length=100, blank=True)
    lease_until = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    """How often the target did not answer."""
    try_again_at = models.DateTimeField(null=True, blank=True)
    callback_digest = models.CharField(max_length=64, blank=True)
    """SHA-256 of the token with which an outside executor reports back."""

    objects = DeploymentQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["environment"],
                condition=models.Q(state__in=["running", "waiting"]),
                name="one_unfinished_deployment_per_environment",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=DeploymentState.values), name="deployment_state_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"deployment {self.pk} of {self.change_request}"

    @property
    def audit_stream(self) -> str:
        """Events about a deployment belong to its change request."""
        return self.change_request.audit_stream

    @property
    def audit_object(self) -> dict[str, Any]:
        """Its identity in an entry."""
        return {"type": "deployment", "id": self.pk, "label": f"deployment of {self.change_request.label}"}

    @property
    def audit_project(self) -> str:
        """The project's slug."""
        return self.change_request.project.slug


class StepState(models.TextChoices):
    """Where a step stands."""

    PENDING = "pending", "Pending"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    SKIPPED = "skipped", "Skipped"


class DeploymentStep(models.Model):
    """One step that the page shows live: what it does, to what, and how it went."""

    deployment = models.ForeignKey(Deployment, models.PROTECT, related_name="steps")
    position = models.PositiveSmallIntegerField()
    verb = models.CharField(max_length=20)
    """One of plan, apply, roll_out, verify, put_back, call, attest."""
    title = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=StepState, default=StepState.PENDING)
    sentence = models.TextField(blank=True)
    record = models.JSONField(default=dict)
    """What the step must remember to be resumed or undone, e.g. the images before it."""
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["deployment", "position"], name="deployment_step_position_once"),
        ]

    def __str__(self) -> str:
        return self.title
