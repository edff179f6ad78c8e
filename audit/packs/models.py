"""The pack that somebody asked for: the row is the work, whoever holds the lease does it."""

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from audit.packs.scope import Scope

if TYPE_CHECKING:
    from audit.reach import Reach


class PackState(models.TextChoices):
    """Where a pack stands."""

    WAITING = "waiting", "Waiting"
    BUILDING = "building", "Building"
    READY = "ready", "Ready"
    FAILED = "failed", "Failed"


class PackQuerySet(models.QuerySet["Pack"]):
    """Reads of packs."""

    def within(self, reach: "Reach") -> "PackQuerySet":
        """Return the packs that hold nothing but what the reader may read."""
        return self if reach.whole else self.filter(project__in=reach.projects)

    def forgotten(self) -> "PackQuerySet":
        """Return those that nobody works on: lost nudges, silent workers, logs that were not sealed yet."""
        now = timezone.now()
        return self.filter(
            Q(state=PackState.WAITING) | Q(state=PackState.BUILDING, lease_until__lte=now)
        ).order_by("pk")


class Pack(models.Model):
    """An evidence pack."""

    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    request_event = models.BigIntegerField(null=True)
    """The event of its request: the pack holds the log as far as a checkpoint that covers it."""
    project = models.TextField(null=True)  # noqa: DJ001 -- the scope's, for reading; not every pack has one
    scope = models.JSONField()
    state = models.CharField(max_length=10, choices=PackState, default=PackState.WAITING)
    steps = models.JSONField(default=list)
    """``[{"title": …, "done": …, "total": …}]``, as far as it has come."""
    reason = models.TextField(blank=True)
    lease_holder = models.CharField(max_length=120, blank=True)
    lease_until = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    sha256 = models.CharField(max_length=64, blank=True)
    manifest_sha256 = models.CharField(max_length=64, blank=True)
    removed_at = models.DateTimeField(null=True)
    """Since when the file is gone by design: an erasure, or the end of its time."""
    size = models.BigIntegerField(null=True)
    entries = models.BigIntegerField(null=True)
    checkpoint_size = models.BigIntegerField(null=True)

    objects = PackQuerySet.as_manager()

    class Meta:
        app_label = "audit"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=PackState.values), name="audit_pack_state_is_known"
            ),
            models.CheckConstraint(
                condition=~Q(state="ready") | ~Q(sha256=""), name="audit_a_ready_pack_has_its_hash"
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"],
                condition=Q(state__in=["waiting", "building"]),
                name="audit_packs_to_build",
            ),
        ]

    def __str__(self) -> str:
        return f"evidence pack {self.pk}"

    @property
    def wanted(self) -> Scope:
        """What it is to hold."""
        return Scope.of(self.scope)

    @property
    def is_finished(self) -> bool:
        """Whether nothing more happens to it."""
        return self.state in {PackState.READY, PackState.FAILED}

    @property
    def file_name(self) -> str:
        """The name under which it is downloaded."""
        return f"gatehouse-pack-{self.pk}.zip"

    @property
    def stored_name(self) -> str:
        """The name under which it is kept."""
        return f"{self.sha256[:2]}/{self.sha256}.zip"

    @property
    def audit_stream(self) -> str:
        """The stream of its events."""
        return f"evidence-pack/{self.pk}"

    @property
    def audit_object(self) -> dict[str, Any]:
        """Its identity in an entry."""
        return {"type": "evidence-pack", "id": self.pk, "label": str(self)}

    @property
    def audit_project(self) -> str | None:
        """The project that it is about, if it is about one."""
        return self.project
