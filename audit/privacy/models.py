"""What stands beside the entries so that it can be erased without them."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


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
