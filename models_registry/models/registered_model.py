"""Registered models, as MLflow has them and as the portal remembers them."""

from typing import TYPE_CHECKING, Any

from django.contrib.postgres.fields import ArrayField
from django.db import models

from catalog.models import Artifact, Project
from models_registry.models.registry import Registry

if TYPE_CHECKING:
    from catalog.models import User


class RegisteredModelQuerySet(models.QuerySet["RegisteredModel"]):
    """Reads of registered models."""

    def visible_to(self, user: "User") -> "RegisteredModelQuerySet":
        """Return the models of the projects this account may see."""
        return self.filter(registry__project__in=Project.objects.visible_to(user))


class RegisteredModel(models.Model):
    """A model that MLflow knows. Its artifact is the same thing in the catalog, one to one."""

    registry = models.ForeignKey(Registry, models.PROTECT, related_name="models")
    artifact = models.OneToOneField(Artifact, models.PROTECT, related_name="registered_model")
    name = models.CharField(max_length=500)
    """As MLflow spells it: with spaces, slashes and letters that an artifact's name may not have."""
    description = models.TextField(blank=True)
    tags = models.JSONField(default=dict)
    """``{key: value}`` as last seen."""
    aliases = models.JSONField(default=dict)
    """``{alias: version number}`` as last seen in MLflow."""
    created_in_mlflow_at = models.DateTimeField(null=True, blank=True)
    gone_at = models.DateTimeField(null=True, blank=True)
    """When it was found to be deleted in MLflow. What was taken in stays."""
    former_names = ArrayField(models.CharField(max_length=500), default=list)
    """How MLflow called it before it was renamed there, oldest first."""
    fingerprint = models.CharField(max_length=64, blank=True)
    """Digest of what MLflow said of it last."""
    taken_in_at = models.DateTimeField(auto_now_add=True)

    objects = RegisteredModelQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["registry", "name"],
                condition=models.Q(gone_at=None),
                name="model_name_once_per_registry",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def audit_stream(self) -> str:
        """The stream of events about the model and its aliases."""
        return f"model/{self.pk}"

    @property
    def audit_object(self) -> dict[str, Any]:
        """Its identity in an entry."""
        return {"type": "model", "id": self.pk, "label": self.name}

    @property
    def audit_project(self) -> str:
        """The project's slug."""
        return self.registry.project.slug
