"""Teams, roles, and who has which role where."""

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from catalog.models.project import SLUG, Environment, Project

if TYPE_CHECKING:
    from datetime import datetime


class Team(models.Model):
    """People who get roles together."""

    slug = models.CharField(max_length=63, unique=True, validators=[SLUG])
    name = models.CharField(max_length=100)
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="teams", blank=True)

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.name

    @property
    def audit_stream(self) -> str:
        """The stream of events about the team."""
        return f"team/{self.pk}"

    @property
    def audit_object(self) -> dict[str, Any]:
        """Its identity in an entry."""
        return {"type": "team", "id": self.pk, "label": self.slug}

    @property
    def audit_project(self) -> None:
        """Teams are shared by all projects."""
        return


class Role(models.Model):
    """A named set of permission verbs."""

    slug = models.CharField(max_length=63, unique=True, validators=[SLUG])
    title = models.CharField(max_length=100)
    description = models.CharField(max_length=300, blank=True)
    permissions = ArrayField(models.CharField(max_length=60), default=list)
    built_in = models.BooleanField(default=False)

    class Meta:
        ordering = ["title"]

    def __str__(self) -> str:
        return self.title

    @property
    def audit_stream(self) -> str:
        """The stream of events about the role."""
        return f"role/{self.pk}"

    @property
    def audit_object(self) -> dict[str, Any]:
        """Its identity in an entry."""
        return {"type": "role", "id": self.pk, "label": self.slug}

    @property
    def audit_project(self) -> None:
        """Roles are shared by all projects."""
        return


class MembershipQuerySet(models.QuerySet["Membership"]):
    """Reads of memberships."""

    def live(self, at: "datetime | None" = None) -> "MembershipQuerySet":
        """Return those in force at that moment (now)."""
        moment = at or timezone.now()
        return self.filter(ended_at=None).filter(
            models.Q(expires_at=None) | models.Q(expires_at__gt=moment)
        )


class Membership(models.Model):
    """A person or a team has a role in a project; perhaps only for some environments, or until a date."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="memberships")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="memberships"
    )
    team = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="memberships"
    )
    role = models.ForeignKey(Role, models.PROTECT, related_name="memberships")
    environments = models.ManyToManyField(Environment, blank=True, related_name="+")
    expires_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(user=None) ^ models.Q(team=None),
                name="membership_of_a_person_or_a_team",
            ),
            models.UniqueConstraint(
                fields=["project", "user", "role"],
                condition=models.Q(ended_at=None, user__isnull=False),
                name="one_live_membership_per_person_and_role",
            ),
            models.UniqueConstraint(
                fields=["project", "team", "role"],
                condition=models.Q(ended_at=None, team__isnull=False),
                name="one_live_membership_per_team_and_role",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user or self.team} as {self.role} in {self.project}"

    @property
    def holder_name(self) -> str:
        """Whoever has the role, as a sentence names them."""
        return self.user.display_name if self.user else f"the team {self.team}"
