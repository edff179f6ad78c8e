"""MLflow registries that a project names, and how the sync with each of them stands."""

import uuid
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone

from catalog.models import Project

if TYPE_CHECKING:
    from catalog.models import User

REGISTRY_NAME = RegexValidator(
    r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z",
    "Use 1 to 63 lower-case letters, digits and hyphens, beginning and ending with a letter or digit.",
)
FILE_NAME = RegexValidator(
    r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,98}[A-Za-z0-9])?\Z",
    "Use the plain name of a file: letters, digits, dots, hyphens and underscores.",
)


class RegistryQuerySet(models.QuerySet["Registry"]):
    """Reads of registries."""

    def visible_to(self, user: "User") -> "RegistryQuerySet":
        """Return the registries of the projects this account may see."""
        return self.filter(project__in=Project.objects.visible_to(user))

    def due(self) -> "RegistryQuerySet":
        """Return those that a worker should read now: their time has come, and nobody is at it."""
        now = timezone.now()
        return self.filter(is_active=True, sync__due_at__lte=now).filter(
            models.Q(sync__lease_until=None) | models.Q(sync__lease_until__lte=now)
        )


class Registry(models.Model):
    """An MLflow tracking server whose registered models belong to a project."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="model_registries")
    name = models.CharField(max_length=63, validators=[REGISTRY_NAME])
    tracking_url = models.URLField(max_length=500)
    """The tracking server's address, such as ``https://mlflow.example``, with a path if it has one."""
    credentials = models.CharField(max_length=100, blank=True, validators=[FILE_NAME])
    """File in MLFLOW_CREDENTIALS_DIR: a bearer token, or ``user:password``; empty: none are needed."""
    webhook_secret = models.CharField(max_length=100, blank=True, validators=[FILE_NAME])
    """File in MLFLOW_CREDENTIALS_DIR with the secret of its webhooks; empty: webhooks are not taken."""
    webhook_key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    """Names the registry in the address that its webhooks call."""
    name_pattern = models.CharField(max_length=500, default="*")
    """Which registered models belong to the project: shell patterns separated by commas, ``*`` for all."""
    is_active = models.BooleanField(default=True)
    """A registry that is not active is not read; what came from it stays."""
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    objects = RegistryQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "registries"
        constraints = [
            models.UniqueConstraint(
                fields=["project", "name"], name="registry_name_once_per_project"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def audit_stream(self) -> str:
        """The stream of events about the registry itself."""
        return f"model-registry/{self.pk}"

    @property
    def audit_object(self) -> dict[str, Any]:
        """Its identity in an entry."""
        return {
            "type": "model-registry",
            "id": self.pk,
            "label": f"{self.project.slug}/{self.name}",
        }

    @property
    def audit_project(self) -> str:
        """The project's slug."""
        return self.project.slug


class SyncPhase(models.TextChoices):
    """What the sync is busy with."""

    IDLE = "idle", "Waiting for its next time"
    MODELS = "models", "Reading the registered models"
    VERSIONS = "versions", "Comparing the versions"
    RUNS = "runs", "Taking in new versions"
    ABSENCES = "absences", "Looking for what is gone"


class SyncResult(models.TextChoices):
    """How the last sync ended."""

    NEVER = "never", "Never read"
    SUCCEEDED = "succeeded", "Up to date"
    ERRORED = "errored", "Could not be read"
    REFUSED = "refused", "Refused"


class Sync(models.Model):
    """How the reading of one registry stands: the lease, the progress, the last result. One row each."""

    registry = models.OneToOneField(Registry, models.CASCADE, primary_key=True, related_name="sync")
    due_at = models.DateTimeField(default=timezone.now)
    """When it is to be read next."""
    lease_holder = models.CharField(max_length=120, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    phase = models.CharField(max_length=10, choices=SyncPhase, default=SyncPhase.IDLE)
    done = models.PositiveIntegerField(default=0)
    """How many of ``total`` the present phase has behind it."""
    total = models.PositiveIntegerField(default=0)
    """0 while it is not known."""
    began_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    succeeded_at = models.DateTimeField(null=True, blank=True)
    """When everything was last seen as it is in MLflow."""
    result = models.CharField(max_length=10, choices=SyncResult, default=SyncResult.NEVER)
    sentence = models.TextField(blank=True)
    """What the last sync did, or why it came to nothing."""
    failures = models.PositiveIntegerField(default=0)
    """In a row; the next try is later the more there were."""
    models_seen = models.PositiveIntegerField(default=0)
    versions_seen = models.PositiveIntegerField(default=0)
    pages = models.JSONField(default=dict)
    """Digests of the answers that were compared last: an answer of the same bytes holds nothing new."""

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(phase__in=SyncPhase.values), name="sync_phase_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(result__in=SyncResult.values), name="sync_result_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"sync of {self.registry}"

    @property
    def is_running(self) -> bool:
        """Whether a worker is at it."""
        return self.lease_until is not None and self.lease_until > timezone.now()
