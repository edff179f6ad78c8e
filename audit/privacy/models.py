"""What stands beside the entries so that it can be erased without them."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from audit.privacy.states import ErasureState


class SubjectKey(models.Model):
    """The key of one person's (or machine's) private values, wrapped; without it they are noise.

    A trigger keeps the row: a key is wrapped anew or destroyed, and never comes back.
    """

    subject = models.TextField(primary_key=True)
    """The pseudonym."""
    wrapped = models.BinaryField(null=True)
    made_at = models.DateTimeField(db_default=Now())
    destroyed_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "audit"
        constraints = [
            models.CheckConstraint(
                condition=Q(wrapped=None, destroyed_at__isnull=False)
                | Q(wrapped__isnull=False, destroyed_at=None),
                name="audit_a_key_is_there_or_destroyed",
            ),
        ]

    def __str__(self) -> str:
        return f"key of {self.subject}"


class HoldKind(models.TextChoices):
    """What a legal hold is on."""

    SUBJECT = "subject", "Person"
    PROJECT = "project", "Project"
    CHANGE_REQUEST = "change_request", "Change request"


class LegalHold(models.Model):
    """Nothing that it is on is erased or pruned while it is not lifted."""

    kind = models.CharField(max_length=20, choices=HoldKind)
    about = models.TextField()
    """The pseudonym, the slug, or the number."""
    reason = models.TextField()
    placed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    placed_at = models.DateTimeField(auto_now_add=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "audit"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=HoldKind.values), name="audit_hold_kind_is_known"
            ),
            models.CheckConstraint(
                condition=Q(lifted_by=None, lifted_at=None)
                | Q(lifted_by__isnull=False, lifted_at__isnull=False),
                name="audit_a_lifted_hold_says_by_whom",
            ),
        ]

    def __str__(self) -> str:
        return f"legal hold {self.pk}"

    @property
    def what(self) -> str:
        """What it is on, without a name."""
        return {
            HoldKind.SUBJECT: f"the person {self.about}",
            HoldKind.PROJECT: f"the project {self.about}",
            HoldKind.CHANGE_REQUEST: f"CR-{self.about}",
        }[HoldKind(self.kind)]

    @property
    def audit_stream(self) -> str:
        """The stream of its events."""
        return f"legal-hold/{self.pk}"

    @property
    def audit_object(self) -> dict[str, Any]:
        """Its identity in an entry."""
        return {"type": "legal-hold", "id": self.pk, "label": str(self)}

    @property
    def audit_project(self) -> str | None:
        """The project that it is on, if it is on one."""
        return self.about if self.kind == HoldKind.PROJECT else None


class ErasureBasis(models.TextChoices):
    """Why personal data is erased: Article 17(1) of the GDPR."""

    NOT_NEEDED = "not_needed", "No longer needed for what it was collected for"
    WITHDRAWN = "withdrawn", "The person withdrew consent"
    OBJECTED = "objected", "The person objected"
    UNLAWFUL = "unlawful", "It was processed unlawfully"
    OBLIGATION = "obligation", "A law demands it"


class Erasure(models.Model):
    """The erasure of one person's data: asked for by one, confirmed by another, carried out by a worker.

    Attributes:
        renewed: a restore brought back what had been erased; it is erased again, by the portal itself.
        waits_for: why it was not carried out yet, as a sentence.
        counts: what was erased, by kind.
        listing: the commitments that nobody can open any more, gzipped JSON lines.
        packs: the kept packs that named the person, and whose files are removed before the receipt.
        receipt: the ZIP that says and proves it.
    """

    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    subject = models.TextField()
    basis = models.CharField(max_length=20, choices=ErasureBasis)
    state = models.CharField(max_length=12, choices=ErasureState, default=ErasureState.REQUESTED)
    renewed = models.BooleanField(default=False)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(auto_now_add=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    confirmed_at = models.DateTimeField(null=True)
    waits_for = models.TextField(blank=True)
    erased_at = models.DateTimeField(null=True)
    event = models.BigIntegerField(null=True)
    counts = models.JSONField(default=dict)
    listing = models.BinaryField(default=b"")
    listing_sha256 = models.CharField(max_length=64, blank=True)
    packs = models.JSONField(null=True)
    receipt = models.BinaryField(default=b"")
    receipt_sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        app_label = "audit"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=ErasureState.values), name="audit_erasure_state_is_known"
            ),
            models.CheckConstraint(
                condition=Q(renewed=True)
                | Q(confirmed_by=None)
                | ~Q(confirmed_by=models.F("requested_by")),
                name="audit_an_erasure_takes_two",
            ),
            models.UniqueConstraint(
                fields=["subject"],
                condition=Q(state__in=["requested", "confirmed"]),
                name="audit_one_erasure_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"erasure {self.pk}"

    @property
    def file_name(self) -> str:
        """The name under which the receipt is downloaded."""
        return f"gatehouse-erasure-{self.pk}.zip"

    @property
    def audit_stream(self) -> str:
        """The stream of its events."""
        return f"erasure/{self.pk}"

    @property
    def audit_object(self) -> dict[str, Any]:
        """Its identity in an entry."""
        return {"type": "erasure", "id": self.pk, "label": str(self)}

    @property
    def audit_project(self) -> None:
        """An erasure belongs to no project."""
        return


class RetentionPeriod(models.Model):
    """How long a class of data is kept here, where it differs from ``retention.json``."""

    name = models.CharField(max_length=40, primary_key=True)
    days = models.PositiveIntegerField(null=True)
    """None: without end."""
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        app_label = "audit"

    def __str__(self) -> str:
        return self.name


class Pruning(models.Model):
    """One run in which data of a class was removed because its time was over; its event says what.

    Attributes:
        before: what is older than this was removed.
        counts: what it was, by kind.
    """

    name = models.CharField(max_length=40)
    before = models.DateTimeField()
    at = models.DateTimeField(db_default=Now())
    counts = models.JSONField(default=dict)
    event = models.BigIntegerField()

    class Meta:
        app_label = "audit"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"pruning of {self.name} before {self.before:%Y-%m-%d}"
