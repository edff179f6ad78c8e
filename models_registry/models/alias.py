"""Which alias says what an environment serves, and the aliases that must still be set in MLflow."""

import re
from typing import Any

from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone

from catalog.models import Environment
from models_registry.models.registered_model import RegisteredModel
from models_registry.models.version import ModelVersion

ALIAS_FORM = re.compile(r"^(?!latest\Z)(?![vV]\d+\Z)[A-Za-z0-9_-]{1,100}\Z")
ALIAS = RegexValidator(
    ALIAS_FORM,
    "Use letters, digits, hyphens and underscores; MLflow keeps 'latest' and 'v1', 'v2' … for itself.",
)


class EnvironmentAlias(models.Model):
    """The alias that the portal sets when a model version was verified in the environment."""

    environment = models.OneToOneField(
        Environment, models.PROTECT, primary_key=True, related_name="model_alias"
    )
    alias = models.CharField(max_length=100, blank=True, validators=[ALIAS])
    """Empty: the portal sets none for this environment."""

    def __str__(self) -> str:
        return self.alias

    @property
    def audit_stream(self) -> str:
        """Events about it belong to the environment."""
        return self.environment.audit_stream

    @property
    def audit_object(self) -> dict[str, Any]:
        """The environment's identity."""
        return self.environment.audit_object

    @property
    def audit_project(self) -> str:
        """The project's slug."""
        return self.environment.audit_project


class AliasOrderState(models.TextChoices):
    """How far it is."""

    WANTED = "wanted", "To be set"
    SETTING = "setting", "Being set"
    SET = "set", "Set"
    REFUSED = "refused", "MLflow refused"
    OVERTAKEN = "overtaken", "Overtaken by a later deployment, or by another alias"


UNSETTLED = (AliasOrderState.WANTED, AliasOrderState.SETTING, AliasOrderState.REFUSED)
"""MLflow does not show what the portal wants it to."""


class AliasOrderQuerySet(models.QuerySet["AliasOrder"]):
    """Reads of alias orders."""

    def waiting(self) -> "AliasOrderQuerySet":
        """Return what a worker should carry out now, oldest first; a registry that is off is not called.

        One that MLflow refused is tried again as long as it has the version: permissions are given there,
        and nobody tells us.
        """
        due = self.filter(try_at__lte=timezone.now(), model__registry__is_active=True)
        unfinished = models.Q(state__in=[AliasOrderState.WANTED, AliasOrderState.SETTING])
        refused = models.Q(state=AliasOrderState.REFUSED, version__gone_at=None)
        return due.filter(unfinished | refused).order_by("pk")

    def in_flight(self) -> "AliasOrderQuerySet":
        """Return those that a worker is setting right now; one that waits has a sentence that says why."""
        leased = self.filter(state=AliasOrderState.SETTING, sentence="")
        return leased.filter(try_at__gt=timezone.now())

    def idle(self) -> "AliasOrderQuerySet":
        """Return those that MLflow does not show, and that nobody is setting right now."""
        leased = models.Q(state=AliasOrderState.SETTING, sentence="", try_at__gt=timezone.now())
        return self.filter(state__in=UNSETTLED).exclude(leased)

    def perhaps_carried_out(self) -> "AliasOrderQuerySet":
        """Return those that reached MLflow, are on their way there, or may have: no answer came back."""
        unanswered = models.Q(state=AliasOrderState.OVERTAKEN, tries__gt=0)
        begun = models.Q(state__in=[AliasOrderState.SETTING, AliasOrderState.SET])
        return self.filter(begun | unanswered)


class AliasOrder(models.Model):
    """After a verified deployment: this alias shall point at this version. The row is the work."""

    model = models.ForeignKey(RegisteredModel, models.PROTECT, related_name="alias_orders")
    version = models.ForeignKey(ModelVersion, models.PROTECT, related_name="alias_orders")
    environment = models.ForeignKey(Environment, models.PROTECT, related_name="+")
    alias = models.CharField(max_length=100)
    change_request = models.PositiveBigIntegerField()
    """Number of the change request whose deployment was verified."""
    state = models.CharField(max_length=10, choices=AliasOrderState, default=AliasOrderState.WANTED)
    tries = models.PositiveSmallIntegerField(default=0)
    """How often in a row MLflow was asked and gave no answer."""
    try_at = models.DateTimeField(default=timezone.now)
    sentence = models.TextField(blank=True)
    ordered_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = AliasOrderQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=AliasOrderState.values),
                name="alias_order_state_is_known",
            ),
            models.UniqueConstraint(
                fields=["change_request", "version", "alias"], name="alias_ordered_once_per_change"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.alias} to {self.version}"

    @property
    def in_words(self) -> str:
        """What is still to be done, or why it was not; empty for an order that came to its end.

        Needs the version's model with its registry, and the environment.
        """
        if self.state not in UNSETTLED:
            return ""
        arrived = (
            f"{self.version} was deployed to {self.environment.name} (CR-{self.change_request})"
        )
        if self.state == AliasOrderState.REFUSED:
            return f"{arrived}, but its alias {self.alias} was refused: {self.sentence}"
        registry = self.version.model.registry
        if not registry.is_active:
            return (
                f"{arrived}. Its alias {self.alias} is set when the registry {registry.name} is "
                "switched on again."
            )
        if self.sentence:
            return (
                f"{arrived}. Its alias {self.alias} could not be set yet, and is tried again by itself: "
                f"{self.sentence}"
            )
        return f"{arrived}. A worker sets its alias {self.alias} in MLflow."
