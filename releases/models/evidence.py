"""Evidence: typed reports, kept as the bytes that came and the facts read from them."""

from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils import timezone

from catalog.models import ArtifactVersion, Project
from releases.models.release import Release
from releases.outcomes import EvidenceOutcome

if TYPE_CHECKING:
    from datetime import datetime

    from catalog.models import User


DATA_KINDS: Final = ("datasets", "dvc")
"""Kinds that name data."""


class EvidenceQuerySet(models.QuerySet["Evidence"]):
    """Reads of evidence."""

    def visible_to(self, user: "User") -> "EvidenceQuerySet":
        """Return the evidence of the projects this account may see."""
        return self.filter(project__in=Project.objects.visible_to(user))

    def valid(self, at: "datetime | None" = None) -> "EvidenceQuerySet":
        """Return what has not run out at that moment (now)."""
        moment = at or timezone.now()
        return self.filter(models.Q(valid_until=None) | models.Q(valid_until__gt=moment))


class Evidence(models.Model):
    """A report about an artifact version or a release."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="+")
    artifact_version = models.ForeignKey(
        ArtifactVersion, models.PROTECT, null=True, blank=True, related_name="evidence"
    )
    release = models.ForeignKey(
        Release, models.PROTECT, null=True, blank=True, related_name="evidence"
    )
    kind = models.CharField(max_length=40)
    file_name = models.CharField(max_length=255, blank=True)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    outcome = models.CharField(max_length=12, choices=EvidenceOutcome)
    summary = models.CharField(max_length=500)
    facts = models.JSONField()
    parser_version = models.CharField(max_length=40)
    valid_until = models.DateTimeField(null=True, blank=True)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    added_at = models.DateTimeField(auto_now_add=True)
    pruned_at = models.DateTimeField(null=True, editable=False)
    """Since when its bytes are gone because their time was over."""

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "evidence"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(artifact_version=None) ^ models.Q(release=None),
                name="evidence_about_a_version_or_a_release",
            ),
        ]
        indexes = [
            models.Index(
                fields=["artifact_version", "kind", "-id"], name="newest_evidence_of_a_kind"
            ),
            GinIndex(
                fields=["facts"],
                opclasses=["jsonb_path_ops"],
                condition=models.Q(kind__in=DATA_KINDS),
                name="evidence_by_its_data",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.artifact_version or self.release}"

    @property
    def about(self) -> ArtifactVersion | Release:
        """What the report is about."""
        subject = self.artifact_version or self.release
        if subject is None:
            # The constraint forbids it.
            raise ValueError("Evidence is about a version or a release.")
        return subject

    @property
    def audit_stream(self) -> str:
        """Events about evidence belong to what it is about."""
        return self.about.audit_stream

    @property
    def audit_object(self) -> dict[str, Any]:
        """Its identity in an entry: the hash of the raw bytes."""
        return {
            "type": "evidence",
            "id": self.pk,
            "label": f"{self.kind} report of {self.about.audit_object['label']}",
            "digest": f"sha256:{self.sha256}",
        }

    @property
    def audit_project(self) -> str:
        """The project's slug."""
        return self.project.slug
