"""Releases: immutable, hashed sets of artifact versions."""

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models

from catalog.models import DIGEST, ArtifactVersion, Project

if TYPE_CHECKING:
    from catalog.models import User

VERSION = RegexValidator(
    r"^[A-Za-z0-9]([A-Za-z0-9.+_-]{0,126}[A-Za-z0-9])?\Z",
    "Use letters, digits, dots, hyphens, plus signs and underscores, "
    "beginning and ending with a letter or digit.",
)


class ReleaseQuerySet(models.QuerySet["Release"]):
    """Reads of releases."""

    def visible_to(self, user: "User") -> "ReleaseQuerySet":
        """Return the releases of the projects this account may see."""
        return self.filter(project__in=Project.objects.visible_to(user))


class Release(models.Model):
    """A set of artifact versions, sealed once."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="releases")
    version = models.CharField(max_length=128, validators=[VERSION])
    notes = models.TextField(blank=True, max_length=20000)
    content_digest = models.CharField(max_length=71, validators=[DIGEST])
    sealed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    sealed_at = models.DateTimeField(auto_now_add=True)
    artifact_versions = models.ManyToManyField(
        ArtifactVersion, through="ReleaseItem", related_name="releases"
    )

    objects = ReleaseQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "version"], name="release_version_once_per_project"
            ),
        ]

    def __str__(self) -> str:
        return self.version

    @property
    def audit_stream(self) -> str:
        """The stream of events about this release."""
        return f"release/{self.pk}"

    @property
    def audit_object(self) -> dict[str, Any]:
        """Its identity in an entry."""
        return {
            "type": "release",
            "id": self.pk,
            "label": f"{self.project.slug} {self.version}",
            "digest": self.content_digest,
        }

    @property
    def audit_project(self) -> str:
        """The project's slug."""
        return self.project.slug


class ReleaseItem(models.Model):
    """One artifact version in a release; an artifact appears once."""

    release = models.ForeignKey(Release, models.PROTECT, related_name="items")
    artifact_version = models.ForeignKey(
        ArtifactVersion, models.PROTECT, related_name="release_items"
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["release", "artifact_version"], name="version_once_per_release"
            ),
        ]

    def __str__(self) -> str:
        return str(self.artifact_version)
