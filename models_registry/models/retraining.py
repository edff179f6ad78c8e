"""How a model is trained again, and the requests for it."""

import uuid
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from catalog.models import Project
from models_registry.models.registered_model import RegisteredModel
from models_registry.models.registry import FILE_NAME
from models_registry.models.version import ModelVersion
from models_registry.states import OPEN, RetrainingState

if TYPE_CHECKING:
    from catalog.models import User

HOUR = 3600
DAY = 24 * HOUR
LONGEST_COOLDOWN = 90 * DAY
SHORTEST_TIMEOUT, LONGEST_TIMEOUT = 60, 30 * DAY


class TriggerKind(models.TextChoices):
    """The tool that begins a training."""

    GITLAB = "gitlab", "GitLab pipeline"
    GITLAB_INPUTS = "gitlab_inputs", "GitLab pipeline, by inputs"
    GITLAB_TRIGGER = "gitlab_trigger", "GitLab pipeline, by a trigger token"
    GITHUB = "github", "GitHub workflow"
    JENKINS = "jenkins", "Jenkins job"
    AIRFLOW = "airflow", "Airflow DAG"
    WEBHOOK = "webhook", "Signed webhook"


SYSTEMS: Final = {
    TriggerKind.GITLAB: "GitLab",
    TriggerKind.GITLAB_INPUTS: "GitLab",
    TriggerKind.GITLAB_TRIGGER: "GitLab",
    TriggerKind.GITHUB: "GitHub",
    TriggerKind.JENKINS: "Jenkins",
    TriggerKind.AIRFLOW: "Airflow",
    TriggerKind.WEBHOOK: "the webhook's receiver",
}


class TriggerQuerySet(models.QuerySet["RetrainingTrigger"]):
    """Reads of triggers."""

    def visible_to(self, user: "User") -> "TriggerQuerySet":
        """Return the triggers of the projects this account may see."""
        return self.filter(project__in=Project.objects.visible_to(user))

    def of_model(self, model: RegisteredModel) -> "RetrainingTrigger | None":
        """Return the model's own trigger, else its project's."""
        rows = self.filter(
            models.Q(model=model) | models.Q(model=None), project_id=model.registry.project_id
        )
        return rows.order_by(models.F("model").asc(nulls_last=True)).first()


class RetrainingTrigger(models.Model):
    """What is called to have a model trained again: one for a model, or one for all of a project's."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="retraining_triggers")
    model = models.ForeignKey(
        RegisteredModel,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="retraining_triggers",
    )
    """Empty: for every model of the project that has none of its own."""
    kind = models.CharField(max_length=20, choices=TriggerKind)
    address = models.URLField(max_length=500)
    """The workflow, project, job or DAG in the tool's REST interface."""
    ref = models.CharField(max_length=200, blank=True)
    """Branch or tag, of GitLab and GitHub."""
    secret = models.CharField(max_length=100, blank=True, validators=[FILE_NAME])
    """File in RETRAINING_SECRETS_DIR: a token, ``user:password``, or the secret that signs webhooks."""
    parameters = models.JSONField(default=dict, blank=True)
    """``{name: text}``, passed on beside the request's id and the model's name."""
    cooldown_seconds = models.PositiveIntegerField(
        default=6 * HOUR, validators=[MaxValueValidator(LONGEST_COOLDOWN)]
    )
    """How long after a training was begun the same model may not be trained again."""
    timeout_seconds = models.PositiveIntegerField(
        default=DAY,
        validators=[MinValueValidator(SHORTEST_TIMEOUT), MaxValueValidator(LONGEST_TIMEOUT)],
    )
    """How long after the request the new version may take to come back."""
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    objects = TriggerQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=TriggerKind.values), name="trigger_kind_is_known"
            ),
            models.UniqueConstraint(
                fields=["model"],
                condition=models.Q(model__isnull=False),
                name="one_retraining_trigger_per_model",
            ),
            models.UniqueConstraint(
                fields=["project"],
                condition=models.Q(model=None),
                name="one_retraining_trigger_for_the_rest",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} for {self.whose}"

    @property
    def tool(self) -> str:
        """The tool's name."""
        return SYSTEMS[TriggerKind(self.kind)]

    @property
    def whose(self) -> str:
        """What it trains, as people read it."""
        return self.model.name if self.model else f"the models of {self.project}"

    @property
    def audit_stream(self) -> str:
        """The stream of events about the trigger itself."""
        return f"retraining-trigger/{self.pk}"

    @property
    def audit_object(self) -> dict[str, Any]:
        """Its identity in an entry."""
        label = self.model.name if self.model else self.project.slug
        return {"type": "retraining-trigger", "id": self.pk, "label": label}

    @property
    def audit_project(self) -> str:
        """The project's slug."""
        return self.project.slug


class Origin(models.TextChoices):
    """Who came to think of it."""

    PERSON = "person", "A person"
    MACHINE = "machine", "A service account"
    MONITOR = "monitor", "A monitor"


class RetrainingQuerySet(models.QuerySet["RetrainingRequest"]):
    """Reads of retraining requests."""

    def visible_to(self, user: "User") -> "RetrainingQuerySet":
        """Return the requests of the projects this account may see."""
        return self.filter(model__registry__project__in=Project.objects.visible_to(user))

    def open(self) -> "RetrainingQuerySet":
        """Return those that have not ended."""
        return self.filter(state__in=OPEN)

    def waiting(self) -> "RetrainingQuerySet":
        """Return those that a worker should see to now: nobody is at it, and their time has come."""
        return self.open().filter(try_at__lte=timezone.now()).order_by("try_at", "pk")

    def overdue(self) -> "RetrainingQuerySet":
        """Return those whose version did not come in time."""
        return self.open().filter(expires_at__lte=timezone.now())


class RetrainingRequest(models.Model):
    """Somebody wants a model to be trained again. The row is the work."""

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    model = models.ForeignKey(RegisteredModel, models.PROTECT, related_name="retraining_requests")
    trigger = models.ForeignKey(RetrainingTrigger, models.PROTECT, related_name="requests")
    state = models.CharField(
        max_length=10, choices=RetrainingState, default=RetrainingState.REQUESTED
    )
    reason = models.TextField(max_length=2000)
    origin = models.CharField(max_length=10, choices=Origin)
    override = models.TextField(blank=True, max_length=2000)
    """Why the cooldown was not waited for; empty: it was over."""
    requested_at = models.DateTimeField(default=timezone.now)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    expires_at = models.DateTimeField()

    called_at = models.DateTimeField(null=True, blank=True)
    """When a call began that may have begun a training; empty again once it is known that it did not."""
    triggered_at = models.DateTimeField(null=True, blank=True)
    run_id = models.CharField(max_length=250, blank=True)
    """What the tool calls what it began: a run, a pipeline, a build, a queue item."""
    run_url = models.URLField(max_length=500, blank=True)
    sentence = models.TextField(blank=True)
    """How it stands in the tool, or why it ended."""
    version = models.OneToOneField(
        ModelVersion,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="retraining_request",
    )
    ended_at = models.DateTimeField(null=True, blank=True)

    lease_holder = models.CharField(max_length=120, blank=True)
    try_at = models.DateTimeField(default=timezone.now)
    """When a worker sees to it next; while one is at it, when its lease runs out."""
    tries = models.PositiveSmallIntegerField(default=0)
    """In a row without an answer."""

    objects = RetrainingQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=RetrainingState.values),
                name="retraining_state_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(origin__in=Origin.values), name="retraining_origin_is_known"
            ),
            models.UniqueConstraint(
                fields=["model"],
                condition=models.Q(state__in=OPEN),
                name="one_open_retraining_request_per_model",
            ),
            models.CheckConstraint(
                condition=models.Q(state="returned", version__isnull=False)
                | (~models.Q(state="returned") & models.Q(version=None)),
                name="a_returned_request_has_a_version",
            ),
        ]
        indexes = [
            models.Index(
                fields=["try_at"],
                condition=models.Q(state__in=OPEN),
                name="open_retraining_requests",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} of {self.model.name}"

    @property
    def label(self) -> str:
        """How people name it."""
        return f"RT-{self.pk}"

    @property
    def own_id(self) -> str:
        """What it is called in the tools, and in MLflow when the version comes back."""
        return f"gatehouse-{self.key}"

    @property
    def is_open(self) -> bool:
        """Whether it has not ended."""
        return self.state in OPEN

    @property
    def audit_stream(self) -> str:
        """The stream of events about the request."""
        return f"retraining-request/{self.pk}"

    @property
    def audit_object(self) -> dict[str, Any]:
        """Its identity in an entry."""
        return {"type": "retraining-request", "id": self.pk, "label": str(self)}

    @property
    def audit_project(self) -> str:
        """The project's slug."""
        return self.model.registry.project.slug
