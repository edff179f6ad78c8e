"""Policies: gates, approval rules and separation of duties, in versions that never change once published."""

from typing import Any

from django.conf import settings
from django.db import models

from catalog.models import DIGEST, Environment
from catalog.models.project import SLUG


class Policy(models.Model):
    """A named line of policy versions, shared by all projects."""

    name = models.CharField(max_length=63, unique=True, validators=[SLUG])
    title = models.CharField(max_length=100)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "policies"

    def __str__(self) -> str:
        return self.title

    @property
    def audit_stream(self) -> str:
        """The stream of events about the policy and its versions."""
        return f"policy/{self.pk}"

    @property
    def audit_object(self) -> dict[str, Any]:
        """Its identity in an entry."""
        return {"type": "policy", "id": self.pk, "label": self.name}

    @property
    def audit_project(self) -> None:
        """Policies are shared by all projects."""
        return


class PolicyVersion(models.Model):
    """One document. A draft may be replaced; a published version never changes."""

    class State(models.TextChoices):
        """Published is not activated."""

        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "Published"

    policy = models.ForeignKey(Policy, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    document = models.JSONField()
    digest = models.CharField(max_length=71, validators=[DIGEST])
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["policy", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["policy", "number"], name="policy_version_number_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=["draft", "published"]),
                name="policy_version_state_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.policy.name} v{self.number}"

    @property
    def audit_stream(self) -> str:
        """Events about versions belong to the policy."""
        return self.policy.audit_stream

    @property
    def audit_object(self) -> dict[str, Any]:
        """Its identity in an entry."""
        return {
            "type": "policy-version",
            "id": self.pk,
            "label": str(self),
            "digest": self.digest,
        }

    @property
    def audit_project(self) -> None:
        """Policies are shared by all projects."""
        return


class PolicyActivation(models.Model):
    """A published version in force in an environment, from a moment to a moment."""

    environment = models.ForeignKey(Environment, models.PROTECT, related_name="policy_activations")
    policy_version = models.ForeignKey(PolicyVersion, models.PROTECT, related_name="activations")
    activated_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    activated_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["environment"],
                condition=models.Q(ended_at=None),
                name="one_policy_in_force_per_environment",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.policy_version} in {self.environment}"
