"""Projects and their environments: the two things that own, and on which permissions are held."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from guardian.managers import UserObjectPermissionManager
from guardian.models import UserObjectPermissionBase

if TYPE_CHECKING:
    from catalog.models.user import User

SLUG = RegexValidator(
    r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z",
    "Use 1 to 63 lower-case letters, digits and hyphens, beginning and ending with a letter or digit.",
)


class RiskTier(models.TextChoices):
    """How much harm a wrong release can do."""

    LOW = "low", "Low"
    MEDIUM = "medium", "Medium"
    HIGH = "high", "High"
    CRITICAL = "critical", "Critical"


class ProjectQuerySet(models.QuerySet["Project"]):
    """Reads of projects."""

    def visible_to(self, user: "User") -> "ProjectQuerySet":
        """Return what this account may see; start every lookup here."""
        if user.is_superuser and user.is_active:
            return self
        return self.filter(pk__in=visible_project_ids(user))


def visible_project_ids(user: "User") -> "models.QuerySet[Any, Any]":
    """Return the ids of the projects in which the account has a role; a superuser sees the others as well."""
    grants = ProjectUserObjectPermission.objects.held_by(user, "view_project")
    ids: models.QuerySet[Any, Any] = grants.values("content_object_id")
    return ids


def in_visible_project(user: "User", column: str = "project_id") -> models.Func:
    """Return the condition that the column names one of those projects.

    They are looked up first, as an array. As a subquery the database joins them, takes them for three where
    they are two hundred, and sorts everything there is for a page of fifty.
    """
    return models.Func(
        models.F(column),
        ArraySubquery(visible_project_ids(user)),
        template="%(expressions)s)",
        arg_joiner=" = ANY (",
        output_field=models.BooleanField(),
    )


class Project(models.Model):
    """What a team ships: software, models or both."""

    slug = models.CharField(max_length=63, unique=True, validators=[SLUG])
    name = models.CharField(max_length=100)
    description = models.TextField(blank=True, max_length=2000)
    risk_tier = models.CharField(max_length=10, choices=RiskTier)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    objects = ProjectQuerySet.as_manager()

    class Meta:
        ordering = ["slug"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(risk_tier__in=RiskTier.values), name="project_risk_tier_is_known"
            ),
        ]
        permissions = [
            ("manage_project", "Change the project, its environments and targets"),
            ("manage_members", "Give and take roles in the project"),
            ("manage_service_accounts", "Create service accounts and their tokens"),
            ("register_artifact", "Register artifact versions"),
            ("add_evidence", "Add evidence"),
            ("edit_model_card", "Write and review model cards"),
            ("seal_release", "Seal releases"),
            ("view_audit", "Read the project's audit log"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def audit_stream(self) -> str:
        """The stream of events about the project itself."""
        return f"project/{self.pk}"

    @property
    def audit_object(self) -> dict[str, Any]:
        """Its identity in an entry."""
        return {"type": "project", "id": self.pk, "label": self.slug}

    @property
    def audit_project(self) -> str:
        """Itself."""
        return self.slug


class Tier(models.TextChoices):
    """What kind of place an environment is."""

    DEVELOPMENT = "development", "Development"
    TESTING = "testing", "Testing"
    STAGING = "staging", "Staging"
    PRODUCTION = "production", "Production"


class EnvironmentQuerySet(models.QuerySet["Environment"]):
    """Reads of environments."""

    def visible_to(self, user: "User") -> "EnvironmentQuerySet":
        """Return the environments of the projects this account may see."""
        return self.filter(project__in=Project.objects.visible_to(user))


class Environment(models.Model):
    """A place a release can be put."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="environments")
    name = models.CharField(max_length=63, validators=[SLUG])
    tier = models.CharField(max_length=12, choices=Tier)
    position = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    objects = EnvironmentQuerySet.as_manager()

    class Meta:
        ordering = ["project", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "name"], name="environment_name_once_per_project"
            ),
            models.UniqueConstraint(
                fields=["project", "position"], name="one_environment_per_position_of_the_path"
            ),
            models.CheckConstraint(
                condition=models.Q(tier__in=Tier.values), name="environment_tier_is_known"
            ),
        ]
        permissions = [
            ("submit_change", "Ask for a release to be put here"),
            ("approve_change", "Approve or reject changes to this environment"),
            ("deploy_to_environment", "Start again or stop deployments here"),
            ("activate_policy", "Choose the policy of this environment"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def audit_stream(self) -> str:
        """The stream of events about this environment."""
        return f"environment/{self.pk}"

    @property
    def audit_object(self) -> dict[str, Any]:
        """Its identity in an entry."""
        return {"type": "environment", "id": self.pk, "label": f"{self.project.slug}/{self.name}"}

    @property
    def audit_project(self) -> str:
        """The project's slug."""
        return self.project.slug


class GrantQuerySet(models.QuerySet[Any]):
    """Reads of grants: a grant past its end counts for nothing, whether or not its row is still there."""

    def with_permission(self, codename: str) -> "GrantQuerySet":
        """Return the live grants of one permission; inactive accounts have none."""
        return self.filter(
            models.Q(expires_at=None) | models.Q(expires_at__gt=timezone.now()),
            user__is_active=True,
            permission__codename=codename,
        )

    def held_by(self, user: "User", codename: str) -> "GrantQuerySet":
        """Return the account's live grants of one permission."""
        return self.with_permission(codename).filter(user=user)


GrantManager = UserObjectPermissionManager.from_queryset(GrantQuerySet)


class ProjectUserObjectPermission(UserObjectPermissionBase):
    """guardian's row "this account holds this permission on this project", derived from memberships."""

    content_object = models.ForeignKey(Project, models.CASCADE)
    expires_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = GrantManager()

    class Meta(UserObjectPermissionBase.Meta):
        indexes = [models.Index(fields=["user", "permission"], name="project_permissions_of")]


class EnvironmentUserObjectPermission(UserObjectPermissionBase):
    """The same on an environment."""

    content_object = models.ForeignKey(Environment, models.CASCADE)
    expires_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = GrantManager()

    class Meta(UserObjectPermissionBase.Meta):
        indexes = [models.Index(fields=["user", "permission"], name="environment_permissions_of")]
