"""Access reviews: somebody looked through who may do what in a project, decided, and signed."""

from typing import Any

from django.conf import settings
from django.db import models

from catalog.models import DIGEST, Project


class AccessReviewState(models.TextChoices):
    """Where a review stands."""

    OPEN = "open", "Open"
    SIGNED = "signed", "Signed"


class AccessReview(models.Model):
    """One review of one project. Signed once; then it never changes."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="access_reviews")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    """Who signs it."""
    state = models.CharField(
        max_length=10, choices=AccessReviewState, default=AccessReviewState.OPEN
    )
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(auto_now_add=True)
    due_at = models.DateTimeField()
    signed_at = models.DateTimeField(null=True, blank=True)
    comment = models.TextField(blank=True, max_length=4000)
    document = models.JSONField(null=True)
    """What was signed: rights, decisions and combinations, with people by their pseudonyms and notes by
    their commitments."""
    digest = models.CharField(max_length=71, blank=True, validators=[DIGEST])

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=AccessReviewState.values),
                name="access_review_state_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(state="open")
                | models.Q(signed_at__isnull=False, document__isnull=False) & ~models.Q(digest=""),
                name="a_signed_access_review_says_what_was_signed",
            ),
            models.UniqueConstraint(
                fields=["project"],
                condition=models.Q(state="open"),
                name="one_open_access_review_per_project",
            ),
        ]

    def __str__(self) -> str:
        return f"access review {self.pk}"

    @property
    def audit_stream(self) -> str:
        """The stream of its events."""
        return f"access-review/{self.pk}"

    @property
    def audit_object(self) -> dict[str, Any]:
        """Its identity in an entry."""
        return {"type": "access-review", "id": self.pk, "label": str(self)}

    @property
    def audit_project(self) -> str:
        """The project's slug."""
        return self.project.slug


class AccessVerdict(models.TextChoices):
    """What becomes of a right."""

    KEEP = "keep", "Keep"
    REVOKE = "revoke", "Revoke"


class AccessDecision(models.Model):
    """What was decided about one right. ``right`` is what it was then; another one is decided anew."""

    review = models.ForeignKey(AccessReview, models.PROTECT, related_name="decisions")
    key = models.CharField(max_length=120)
    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    right = models.JSONField()
    verdict = models.CharField(max_length=10, choices=AccessVerdict)
    note = models.CharField(max_length=500, blank=True)
    note_salt = models.BinaryField(default=b"")
    note_commitment = models.CharField(max_length=43, blank=True)
    """Stands for the note in what is signed, so that the words can be erased and the signature holds."""
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["review", "key"], name="one_access_decision_per_right"),
            models.CheckConstraint(
                condition=models.Q(verdict__in=AccessVerdict.values),
                name="access_verdict_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verdict} {self.key}"
