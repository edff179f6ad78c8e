"""Model versions, with everything that MLflow said of them when they were taken in.

MLflow redacts source, run and user of a version that is deleted, and lets tags and metrics of a run be
changed. So the portal keeps its own copy; what changes later is compared with it and does not replace
the snapshot.
"""

from typing import TYPE_CHECKING, Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils import timezone

from catalog.models import ArtifactVersion, Project
from models_registry.models.registered_model import RegisteredModel

if TYPE_CHECKING:
    from catalog.models import User


class Intake(models.TextChoices):
    """How far the intake of a version is."""

    WAITING = "waiting", "Its files are still to be read"
    COMPLETE = "complete", "Complete"


class DigestBasis(models.TextChoices):
    """What the digest of a version is a digest of."""

    UNKNOWN = "", "Not yet known"
    FILES = "files", "The model's files, read by the portal"
    RECORD = "record", "What MLflow says about the version; its files could not be read"


class ModelVersionQuerySet(models.QuerySet["ModelVersion"]):
    """Reads of model versions."""

    def visible_to(self, user: "User") -> "ModelVersionQuerySet":
        """Return the versions of the projects this account may see."""
        return self.filter(model__registry__project__in=Project.objects.visible_to(user))

    def waiting_for_files(self) -> "ModelVersionQuerySet":
        """Return the versions whose files a worker should read now, oldest first."""
        due = self.filter(intake=Intake.WAITING, gone_at=None, intake_due_at__lte=timezone.now())
        return due.order_by("pk")


class ModelVersion(models.Model):
    """One version of a registered model; an artifact version as soon as its digest is known.

    Snapshot fields are written once, at intake. Live fields follow MLflow: ``status``, ``stage``,
    ``description``, ``tags`` and the aliases (``RegisteredModel.aliases``).
    """

    model = models.ForeignKey(RegisteredModel, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    """MLflow's version: 1, 2, 3 … within its model."""
    artifact_version = models.OneToOneField(
        ArtifactVersion, models.PROTECT, null=True, blank=True, related_name="model_version"
    )
    """Empty until the digest is known; a version without it cannot be released."""
    intake = models.CharField(max_length=10, choices=Intake, default=Intake.WAITING)
    intake_due_at = models.DateTimeField(default=timezone.now)
    """When a worker reads the files, or tries again; while one is at it, when its lease runs out."""
    intake_tries = models.PositiveSmallIntegerField(default=0)
    taken_in_at = models.DateTimeField(auto_now_add=True)
    registered_at = models.DateTimeField(null=True, blank=True)
    """When it was registered in MLflow."""

    # Live: as last seen in MLflow.
    status = models.CharField(max_length=40, blank=True)
    """``READY``, ``PENDING_REGISTRATION`` or ``FAILED_REGISTRATION``."""
    stage = models.CharField(max_length=40, blank=True)
    """MLflow's old stages (``Staging``, ``Production``, ``Archived``); read only."""
    description = models.TextField(blank=True)
    tags = models.JSONField(default=dict)
    gone_at = models.DateTimeField(null=True, blank=True)
    """When it was found to be deleted in MLflow."""
    fingerprint = models.CharField(max_length=64, blank=True)

    # Snapshot: where it comes from.
    source = models.TextField(blank=True)
    """As registered, such as ``models:/m-…`` or ``s3://bucket/path``."""
    download_uri = models.TextField(blank=True)
    """Where its files lie, as MLflow resolves the source; may be ``mlflow-artifacts:/…``."""
    mlflow_model_id = models.CharField(max_length=100, blank=True)
    run_id = models.CharField(max_length=100, blank=True)
    run_name = models.TextField(blank=True)
    run_link = models.TextField(blank=True)
    experiment_id = models.CharField(max_length=100, blank=True)
    run_status = models.CharField(max_length=40, blank=True)
    run_began_at = models.DateTimeField(null=True, blank=True)
    run_ended_at = models.DateTimeField(null=True, blank=True)
    run_tags = models.JSONField(default=dict)
    parameters = models.JSONField(default=dict)
    """``{name: value}``, text as MLflow keeps it."""
    metrics = models.JSONField(default=list)
    """``[{"key", "value", "step", "at", "said"?, "dataset"?, "dataset_digest"?, "run"?}]``, the last of each.

    First those of the version's run, then what other runs measured of the model, with ``run``.

    ``value`` is a number, or null with ``said`` = ``NaN``, ``Infinity`` or ``-Infinity``; ``at`` is
    milliseconds of the epoch.
    """
    datasets = models.JSONField(default=list)
    """``[{"name", "digest", "strength", "source_type", "source", "context", "columns", "said"?}]``.

    ``strength`` is ``strong`` (identifies content), ``weak`` (MLflow's own 8 digits over the first
    rows) or ``none``; ``columns`` is ``[[name, type], …]`` where MLflow knows them; ``said`` is
    MLflow's own digest where the source names the state better (a Delta version, a commit).
    """
    git_commit = models.CharField(max_length=64, blank=True)
    git_branch = models.CharField(max_length=255, blank=True)
    git_repository = models.CharField(max_length=500, blank=True)
    git_dirty = models.BooleanField(null=True, blank=True)
    """Whether the working copy had changes that are not in the commit; empty: MLflow does not say."""
    trained_by = models.CharField(max_length=254, blank=True)
    """MLflow's name of who ran the training; personal data, never in an audit entry."""
    registered_by = models.CharField(max_length=254, blank=True)
    """MLflow's name of who registered the version; a server without sign-in does not know."""
    snapshot_digest = models.CharField(max_length=71, blank=True)
    """Digest of the snapshot up to here, as it stands in the audit entry of the intake."""

    # Snapshot: the model's files.
    flavours = models.JSONField(default=dict)
    """``{flavour: {…}}`` of the MLmodel file, such as ``{"sklearn": {"sklearn_version": "1.9.1"}}``."""
    signature = models.JSONField(default=dict)
    """``{"inputs": [{"name", "type"}], "outputs": […], "params": […]}`` of the MLmodel file."""
    files = models.JSONField(default=list)
    """``[{"path", "size", "sha256"}]`` in the order of paths; empty if they could not be read."""
    size = models.BigIntegerField(null=True, blank=True)
    """Bytes of all files."""
    digest_basis = models.CharField(
        max_length=10, choices=DigestBasis, default=DigestBasis.UNKNOWN, blank=True
    )
    digest_sentence = models.TextField(blank=True)
    """What the digest stands on, or why the files could not be read."""
    remarks = ArrayField(models.TextField(), default=list)
    """Sentences about what is odd or was cut off in the snapshot."""

    objects = ModelVersionQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["model", "number"], name="model_version_number_once"),
            models.CheckConstraint(
                condition=models.Q(intake__in=Intake.values), name="intake_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(digest_basis__in=DigestBasis.values),
                name="digest_basis_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(intake="waiting", artifact_version=None, digest_basis="")
                | models.Q(
                    intake="complete",
                    artifact_version__isnull=False,
                    digest_basis__in=["files", "record"],
                ),
                name="a_complete_version_is_an_artifact_version",
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"], condition=models.Q(intake="waiting"), name="versions_without_digest"
            ),
            GinIndex(
                fields=["datasets"], opclasses=["jsonb_path_ops"], name="versions_by_their_data"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model.name} {self.number}"

    @property
    def aliases(self) -> list[str]:
        """The aliases that point here, as last seen; needs the model."""
        return sorted(name for name, number in self.model.aliases.items() if number == self.number)

    @property
    def digest(self) -> str:
        """The artifact version's digest; empty while it is not known."""
        return self.artifact_version.digest if self.artifact_version else ""

    @property
    def audit_stream(self) -> str:
        """The stream of events about what MLflow says of this version."""
        return f"model-version/{self.pk}"

    @property
    def audit_object(self) -> dict[str, Any]:
        """Its identity in an entry."""
        return {"type": "model-version", "id": self.pk, "label": f"{self.model.name} {self.number}"}

    @property
    def audit_project(self) -> str:
        """The project's slug."""
        return self.model.registry.project.slug
