"""People and machines that act, and the names under which other systems know a person."""

import secrets
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower

PORTAL_USERNAME = "gatehouse"


def new_pseudonym() -> str:
    """Return a random name for the audit log that says nothing about the person."""
    return f"usr_{secrets.token_hex(10)}"


class UserKind(models.TextChoices):
    """What acts."""

    PERSON = "person", "Person"
    SERVICE = "service", "Service account"
    SYSTEM = "system", "The portal"


class User(AbstractUser):
    """Somebody or something that may act. Deactivated, never deleted: decisions keep pointing here."""

    kind = models.CharField(max_length=10, choices=UserKind, default=UserKind.PERSON)
    pseudonym = models.CharField(max_length=40, unique=True, default=new_pseudonym, editable=False)
    full_name = models.CharField(max_length=150, blank=True)
    job_title = models.CharField(max_length=100, blank=True)
    erased_at = models.DateTimeField(null=True, blank=True, editable=False)
    """Since when nothing but the pseudonym is left."""

    class Meta(AbstractUser.Meta):
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                condition=~models.Q(email=""),
                name="one_account_per_email",
                violation_error_message="Somebody else has this e-mail address.",
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=UserKind.values), name="user_kind_is_known"
            ),
        ]
        permissions = [
            ("manage_people", "Create people, teams and roles, and deactivate people"),
            ("edit_policies", "Write and publish policies"),
            ("view_whole_audit", "Read the audit log of every project"),
            ("manage_privacy", "Erase personal data, hold it, and say how long it is kept"),
        ]

    @property
    def display_name(self) -> str:
        """The name people know them by."""
        return self.full_name or self.get_full_name() or self.username

    @property
    def is_person(self) -> bool:
        """Only a person can sign."""
        return self.kind == UserKind.PERSON

    @property
    def audit_stream(self) -> str:
        """The stream of events about this account."""
        return f"account/{self.pseudonym}"

    @property
    def audit_object(self) -> dict[str, Any]:
        """Its identity in an entry: the pseudonym only."""
        return {"type": "account", "id": self.pseudonym, "label": self.pseudonym}

    @property
    def audit_project(self) -> None:
        """An account belongs to no project."""
        return


def the_portal() -> User:
    """Return the account under which the portal itself acts (sweeps, carry-out, expiry)."""
    return User.objects.get(username=PORTAL_USERNAME)


class IdentityKind(models.TextChoices):
    """Where a name comes from."""

    EMAIL = "email", "E-mail address"
    SCM_LOGIN = "scm_login", "Login at the source host"
    MLFLOW = "mlflow", "MLflow user name"


class Identity(models.Model):
    """A name under which a commit, a run or a model may carry this person as its author."""

    user = models.ForeignKey(User, models.PROTECT, related_name="identities")
    kind = models.CharField(max_length=10, choices=IdentityKind)
    value = models.CharField(max_length=254)

    class Meta:
        verbose_name_plural = "identities"
        constraints = [
            models.UniqueConstraint(
                "kind",
                Lower("value"),
                name="an_identity_is_one_person",
                violation_error_message="Somebody else has this identity.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.value}"
