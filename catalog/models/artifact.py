"""Artifacts and their immutable versions."""

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models

from catalog.models.project import Project

if TYPE_CHECKING:
    from catalog.models.user import User

DIGEST = RegexValidator(
    r"^sha256:[0-9a-f]{64}\Z", "A digest is 'sha256:' and 64 lower-case hexadecimal digits."
)
ARTIFACT_NAME = RegexValidator(
    r"^[A-Za-z0-9]([A-Za-z0-9._/-]{0,198}[A-Za-z0-9])?\Z",
    "Use letters, digits, dots, hyphens, underscores and slashes, "
    "beginning and ending with a letter or digit.",
)


class ArtifactKind(models.TextChoices):
    """What an artifact is."""

    IMAGE = "image", "Container image"
    MODEL = "model", "Model"
    DATASET = "dataset", "Dataset"
    PACKAGE = "package", "Package"
    CHART = "chart", "Chart"
    FILE = "file", "File"


class Artifact(models.Model):
    """A named thing that a project makes."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="artifacts")
    name = models.CharField(max_length=200, validators=[ARTIFACT_NAME])
    kind = models.CharField(max_length=10, choices=ArtifactKind)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "name"], name="artifact_name_once_per_project"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=ArtifactKind.values), name="artifact_kind_is_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ArtifactVersionQuerySet(models.QuerySet["ArtifactVersion"]):
    """Reads of artifact versions."""

    def visible_to(self, user: "User") -> "ArtifactVersionQuerySet":
        """Return the versions in the projects this account may see."""
        return self.filter(artifact__project__in=Project.objects.visible_to(user))


class ArtifactVersion(models.Model):
    """One immutable state of an artifact, by digest. The version is a label, never an identity."""

    artifact = models.ForeignKey(Artifact, models.PROTECT, related_name="versions")
    version = models.CharField(max_length=128)
    digest = models.CharField(max_length=71, validators=[DIGEST])
    uri = models.CharField(max_length=500, blank=True)
    repository = models.CharField(max_length=500, blank=True)
    commit = models.CharField(max_length=64, blank=True)
    authors = models.JSONField(default=list)
    """``[{"name": …, "email": …, "login"?: …}]`` as CI told us; empty means unknown, not nobody."""
    build_url = models.URLField(max_length=500, blank=True)
    registered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    registered_at = models.DateTimeField(auto_now_add=True)

    objects = ArtifactVersionQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["artifact", "version"], name="version_label_once_per_artifact"
            ),
            models.CheckConstraint(
                condition=models.Q(digest__regex=r"^sha256:[0-9a-f]{64}$"),
                name="version_digest_is_sha256",
            ),
        ]
        indexes = [models.Index(fields=["digest"], name="artifact_version_by_digest")]

    def __str__(self) -> str:
        return f"{self.artifact.name} {self.version}"

    @property
    def audit_stream(self) -> str:
        """The stream of events about this version and its evidence."""
        return f"artifact-version/{self.pk}"

    @property
    def audit_object(self) -> dict[str, Any]:
        """Its identity in an entry."""
        return {
            "type": "artifact-version",
            "id": self.pk,
            "label": f"{self.artifact.name} {self.version}",
            "digest": self.digest,
        }

    @property
    def audit_project(self) -> str:
        """The project's slug."""
        return self.artifact.project.slug
