"""What happened in MLflow without the portal."""

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models

from catalog.models import Environment, Project
from models_registry.models.registered_model import RegisteredModel
from models_registry.models.version import ModelVersion

if TYPE_CHECKING:
    from catalog.models import User


class FindingKind(models.TextChoices):
    """What was seen."""

    ALIAS_SET = "alias_set", "Alias set outside the portal"
    ALIAS_MOVED = "alias_moved", "Alias moved outside the portal"
    ALIAS_REMOVED = "alias_removed", "Alias removed outside the portal"
    STAGE_CHANGED = "stage_changed", "Stage changed outside the portal"
    VERSION_CHANGED = "version_changed", "Version changed after its intake"
    VERSION_DELETED = "version_deleted", "Version deleted in MLflow"
    MODEL_DELETED = "model_deleted", "Model deleted in MLflow"
    MODEL_RENAMED = "model_renamed", "Model renamed in MLflow"
    NUMBER_REUSED = "number_reused", "Another model has taken its place"
    FALSE_CLAIM = "false_claim", "Answers no retraining request"


class FindingState(models.TextChoices):
    """Whether somebody still has to look at it."""

    OPEN = "open", "Open"
    SETTLED = "settled", "Settled"


class FindingQuerySet(models.QuerySet["Finding"]):
    """Reads of findings."""

    def visible_to(self, user: "User") -> "FindingQuerySet":
        """Return the findings in the projects this account may see."""
        return self.filter(model__registry__project__in=Project.objects.visible_to(user))

    def open(self) -> "FindingQuerySet":
        """Return those that nobody settled."""
        return self.filter(state=FindingState.OPEN)


class Finding(models.Model):
    """Something changed in MLflow behind the portal's back: on a model, and on the environment it serves."""

    model = models.ForeignKey(RegisteredModel, models.PROTECT, related_name="findings")
    version = models.ForeignKey(
        ModelVersion, models.PROTECT, null=True, blank=True, related_name="findings"
    )
    environment = models.ForeignKey(
        Environment, models.PROTECT, null=True, blank=True, related_name="model_findings"
    )
    """The environment whose alias it is, if it is one's."""
    kind = models.CharField(max_length=20, choices=FindingKind)
    sentence = models.TextField()
    facts = models.JSONField(default=dict)
    """What it was and what it is now: ``{"alias"?, "before", "after"}``."""
    state = models.CharField(max_length=10, choices=FindingState, default=FindingState.OPEN)
    found_at = models.DateTimeField(auto_now_add=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    comment = models.TextField(blank=True)

    objects = FindingQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=FindingKind.values), name="model_finding_kind_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(state="open", settled_at=None, settled_by=None)
                | models.Q(state="settled", settled_at__isnull=False),
                name="a_settled_finding_says_when",
            ),
        ]
        indexes = [
            models.Index(
                fields=["model"], condition=models.Q(state="open"), name="open_model_findings"
            ),
        ]

    def __str__(self) -> str:
        return self.sentence

    @property
    def dialog(self) -> str:
        """The id of the dialog on a page in which it is settled."""
        return f"settle-{self.pk}"

    @property
    def audit_stream(self) -> str:
        """A finding belongs to the stream of its model."""
        return self.model.audit_stream

    @property
    def audit_object(self) -> dict[str, Any]:
        """Its identity in an entry."""
        label = f"{self.get_kind_display()}: {self.model.name}"
        return {"type": "model-finding", "id": self.pk, "label": label}

    @property
    def audit_project(self) -> str:
        """The project's slug."""
        return self.model.registry.project.slug
