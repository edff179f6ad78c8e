"""What the roof itself must remember."""

from django.conf import settings
from django.db import models


class IdempotencyKey(models.Model):
    """A POST that was answered, or is being answered, under a key that its caller chose.

    Written outside the action's transaction: first the claim, then the action, then the answer. A claim
    without an answer belongs to a request that is still running, or whose process died.
    """

    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    method = models.CharField(max_length=10)
    path = models.CharField(max_length=2000)
    body_sha256 = models.CharField(max_length=64)
    claimed_at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = models.BinaryField(default=b"")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "key"], name="idempotency_key_once_per_account"
            ),
        ]
        indexes = [models.Index(fields=["claimed_at"], name="idempotency_keys_by_age")]  # the sweep

    def __str__(self) -> str:
        return self.key
