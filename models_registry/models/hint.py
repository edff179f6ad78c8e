"""What webhooks said: hints that make the sync prompt, and never the truth."""

from django.db import models

from models_registry.models.registry import Registry


class Hint(models.Model):
    """Look at this model again; written by the webhook receiver, removed by the worker that looked."""

    registry = models.ForeignKey(Registry, models.CASCADE, related_name="hints")
    model_name = models.CharField(max_length=500)
    given_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["registry", "model_name"], name="one_hint_per_model"),
        ]

    def __str__(self) -> str:
        return self.model_name


class WebhookDelivery(models.Model):
    """A delivery that was taken, so that the same one is not taken twice. Forgotten after a day."""

    registry = models.ForeignKey(Registry, models.CASCADE, related_name="+")
    delivery_id = models.CharField(max_length=100)
    received_at = models.DateTimeField(auto_now_add=True)
    entity = models.CharField(max_length=60)
    action = models.CharField(max_length=60)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["registry", "delivery_id"], name="delivery_taken_once"),
        ]
        indexes = [models.Index(fields=["received_at"], name="delivery_by_time")]

    def __str__(self) -> str:
        return self.delivery_id
