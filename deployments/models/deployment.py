"""Deployments: attempts to carry out a change request, under a lease, step by step."""

from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils import timezone

from catalog.models import Environment, Project
from releases.locking import lock_change_request
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
        return self.filter(state=DeploymentState.RUNNING, lease_until__lte=now).filter(
            models.Q(try_again_at=None) | models.Q(try_again_at__lte=now)
        )

    def overdue(self) -> "DeploymentQuerySet":
        """Return those for which somebody outside should have spoken by now."""
        return self.filter(state=DeploymentState.WAITING, give_up_at__lte=timezone.now())

    def lock_with_request(self, pk: int) -> "Deployment":
        """Lock the change request, then the deployment: the order in which everybody locks the two."""
        number = self.values_list("change_request_id", flat=True).get(pk=pk)
        change_request = lock_change_request(number)
        deployment = self.select_for_update(of=("self",), no_key=True).get(pk=pk)
        deployment.change_request = change_request
        deployment.environment = change_request.environment
        return deployment


class Deployment(models.Model):
    """One attempt. The row is the work; whoever holds the lease does it."""

    change_request = models.ForeignKey(ChangeRequest, models.PROTECT, related_name="deployments")
    environment = models.ForeignKey(Environment, models.PROTECT, related_name="deployments")
    state = models.CharField(
        max_length=10, choices=DeploymentState, default=DeploymentState.RUNNING
    )
    reason = models.TextField(blank=True)
    """Why it failed or errored, in the cluster's own words. Set while it still runs: it is being put back."""
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    give_up_at = models.DateTimeField()
    lease_holder = models.CharField(max_length=120, blank=True)
    """Who does the work now; empty when it was let go on purpose."""
    lease_until = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    """How often in a row the target did not answer."""
    try_again_at = models.DateTimeField(null=True, blank=True)
    callback_digest = models.CharField(max_length=64, blank=True)
    """SHA-256 of the token with which an outside executor reports back; empty once it is used."""

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
                condition=models.Q(state__in=DeploymentState.values),
                name="deployment_state_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    models.Q(state__in=["running", "waiting"], finished_at=None)
                    | models.Q(
                        state__in=["succeeded", "failed", "errored"], finished_at__isnull=False
                    )
                ),
                name="a_deployment_ends_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["environment", "-id"],
                condition=models.Q(state="succeeded"),
                name="what_runs_in_environment",
            ),
            models.Index(
                fields=["environment", "-id"],
                condition=models.Q(state__in=["failed", "errored"]),
                name="ended_badly_in_environment",
            ),
        ]

    def __str__(self) -> str:
        return f"deployment {self.pk} of {self.change_request}"

    @property
    def is_finished(self) -> bool:
        """Whether it has come to an end."""
        return self.state not in UNFINISHED

    @property
    def worker(self) -> str:
        """The name of the worker that does it now, for people."""
        return self.lease_holder.partition("#")[0]

    @property
    def audit_stream(self) -> str:
        """Events about a deployment belong to its change request."""
        return self.change_request.audit_stream

    @property
    def audit_object(self) -> dict[str, Any]:
        """Its identity in an entry."""
        label = f"deployment of {self.change_request.label}"
        return {"type": "deployment", "id": self.pk, "label": label}

    @property
    def audit_project(self) -> str:
        """The project's slug."""
        return self.change_request.project.slug


class StepVerb(models.TextChoices):
    """What a step does."""

    PLAN = "plan", "Plan"
    APPLY = "apply", "Apply"
    ROLL_OUT = "roll_out", "Roll out"
    SHIFT = "shift", "Shift traffic"
    PROMOTE = "promote", "Promote"
    VERIFY = "verify", "Verify"
    PUT_BACK = "put_back", "Put back"
    CALL = "call", "Call the executor"
    ATTEST = "attest", "Wait for the result"


class StepState(models.TextChoices):
    """Where a step stands."""

    PENDING = "pending", "Pending"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    SKIPPED = "skipped", "Skipped"


OPEN_STEPS = (StepState.PENDING, StepState.RUNNING)


class DeploymentStep(models.Model):
    """One step that the page shows live: what it does, to what, and how it went."""

    deployment = models.ForeignKey(Deployment, models.PROTECT, related_name="steps")
    position = models.PositiveSmallIntegerField()
    verb = models.CharField(max_length=20, choices=StepVerb)
    workload = models.CharField(max_length=63, blank=True)
    """The workload that the step is about; empty for steps of the whole deployment."""
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
            models.UniqueConstraint(
                fields=["deployment", "position"], name="deployment_step_position_once"
            ),
            models.CheckConstraint(
                condition=models.Q(verb__in=StepVerb.values), name="deployment_step_verb_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=StepState.values),
                name="deployment_step_state_is_known",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        """Whether somebody must still do it."""
        return self.state in OPEN_STEPS
