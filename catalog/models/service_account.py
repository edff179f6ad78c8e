"""Machines that may act, and their tokens."""

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from catalog.models.project import Project

if TYPE_CHECKING:
    from datetime import datetime

    from catalog.models.user import User


class ServiceAccountQuerySet(models.QuerySet["ServiceAccount"]):
    """Reads of service accounts."""

    def visible_to(self, user: "User") -> "ServiceAccountQuerySet":
        """Return the service accounts of the projects this account may see."""
        return self.filter(project__in=Project.objects.visible_to(user))


class ServiceAccount(models.Model):
    """A machine that may act in one project."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="service_account"
    )
    project = models.ForeignKey(Project, models.PROTECT, related_name="service_accounts")
    description = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    objects = ServiceAccountQuerySet.as_manager()

    class Meta:
        ordering = ["user__username"]

    def __str__(self) -> str:
        return self.user.username


class TokenScope(models.TextChoices):
    """What a token opens, at most; what its account may do is decided by roles."""

    READ = "read", "Read"
    ARTIFACTS = "artifacts", "Register artifact versions and add evidence"
    RELEASES = "releases", "Seal releases"
    CHANGES = "changes", "Open and withdraw change requests"
    APPROVE = "approve", "Approve and reject"
    ADMIN = "admin", "Projects, people, policies, service accounts"


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    """Reads of tokens."""

    def usable(self, at: "datetime | None" = None) -> "ApiTokenQuerySet":
        """Return those neither revoked nor expired, of accounts that are active."""
        moment = at or timezone.now()
        return self.filter(revoked_at=None, expires_at__gt=moment, user__is_active=True)


class ApiToken(models.Model):
    """A bearer token. Only its SHA-256 is kept: 256 random bits need no slow hash."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="api_tokens")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=16)
    digest = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=20, choices=TokenScope))
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def audit_stream(self) -> str:
        """Events about a token belong to its account."""
        return self.user.audit_stream

    @property
    def audit_object(self) -> dict[str, Any]:
        """Its identity in an entry: never the token."""
        return {"type": "api-token", "id": self.pk, "label": self.prefix}

    @property
    def audit_project(self) -> str | None:
        """The project of its service account, if it is one."""
        account = ServiceAccount.objects.filter(user=self.user).select_related("project").first()
        return account.project.slug if account else None
