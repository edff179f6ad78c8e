"""Change requests: "put this release on that environment", and what people sign."""

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from catalog.models import DIGEST, Environment, Project
from catalog.models.project import in_visible_project
from releases.errors import IllegalTransition
from releases.models.evidence import Evidence
from releases.models.policy import PolicyVersion
from releases.models.release import Release, ReleaseItem
from releases.outcomes import GateVerdict
from releases.states import FINAL, OPEN, STUCK, TRANSITIONS, ChangeRequestState, Verb

if TYPE_CHECKING:
    from catalog.models import User


class ChangeKind(models.TextChoices):
    """Why the environment is to change."""

    PROMOTION = "promotion", "Promotion"
    ROLLBACK = "rollback", "Rollback"
    EMERGENCY = "emergency", "Emergency change"


class ChangeRequestQuerySet(models.QuerySet["ChangeRequest"]):
    """Reads of change requests."""

    def visible_to(self, user: "User") -> "ChangeRequestQuerySet":
        """Return the change requests of the projects this account may see."""
        if user.is_superuser and user.is_active:
            return self
        return self.filter(in_visible_project(user))

    def open(self) -> "ChangeRequestQuerySet":
        """Return those not yet begun and not ended."""
        return self.filter(state__in=OPEN)

    def waiting_for(self, user: "User") -> "ChangeRequestQuerySet":
        """Return those that this person's signature would bring nearer: the inbox."""
        return self.filter(
            state=ChangeRequestState.AWAITING_APPROVAL, waiting_for__contains=[user.pk]
        )

    def waiting_for_carry_out(self) -> "ChangeRequestQuerySet":
        """Return the queue of the environments, oldest first."""
        return self.filter(state=ChangeRequestState.QUEUED).order_by("state_since", "number")

    def running(self) -> "ChangeRequestQuerySet":
        """Return, per environment, the change request whose release runs there."""
        return (
            self.filter(state=ChangeRequestState.DEPLOYED)
            .order_by("environment_id", "-deployed_at", "-number")
            .distinct("environment_id")
        )


class ChangeRequest(models.Model):
    """The thing people sign and auditors sample."""

    number = models.BigAutoField(primary_key=True)
    project = models.ForeignKey(Project, models.PROTECT, related_name="change_requests")
    environment = models.ForeignKey(Environment, models.PROTECT, related_name="change_requests")
    release = models.ForeignKey(Release, models.PROTECT, related_name="change_requests")
    kind = models.CharField(max_length=10, choices=ChangeKind, default=ChangeKind.PROMOTION)
    reason = models.TextField(max_length=4000)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(
        max_length=20, choices=ChangeRequestState, default=ChangeRequestState.SUBMITTED
    )
    state_since = models.DateTimeField()
    not_before = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    policy_version = models.ForeignKey(
        PolicyVersion, models.PROTECT, null=True, blank=True, related_name="change_requests"
    )
    statement = models.ForeignKey(
        "Statement", models.PROTECT, null=True, blank=True, related_name="+"
    )
    blocking = models.JSONField(default=list)
    """Sentences: what stands in the way now."""
    check_again_at = models.DateTimeField(null=True, blank=True)
    """When to evaluate again: now after new evidence, or when something runs out."""
    rules = models.JSONField(default=list)
    """The approval rules as they stood at the last evaluation, for reading; see releases.eligibility."""
    waiting_for = ArrayField(models.BigIntegerField(), default=list)
    """Accounts whose signature would bring the quorum nearer: the inbox asks here."""
    deployed_at = models.DateTimeField(null=True, blank=True)

    objects = ChangeRequestQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=ChangeRequestState.values),
                name="change_request_state_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=ChangeKind.values), name="change_request_kind_is_known"
            ),
            models.UniqueConstraint(
                fields=["environment", "release"],
                condition=models.Q(state__in=[*sorted(OPEN), "deploying", "verifying"]),
                name="one_open_request_per_release_and_environment",
            ),
            models.UniqueConstraint(
                fields=["environment"],
                condition=models.Q(state__in=["deploying", "verifying"]),
                name="one_deployment_at_a_time_per_environment",
            ),
        ]
        indexes = [
            models.Index(fields=["project", "-number"], name="change_requests_of_project"),
            models.Index(fields=["state", "-number"], name="change_requests_by_state"),
            models.Index(
                fields=["environment", "state", "-number"], name="change_requests_of_environment"
            ),
            models.Index(
                fields=["check_again_at"],
                condition=models.Q(check_again_at__isnull=False),
                name="change_requests_to_check",  # the sweep
            ),
            models.Index(
                fields=["environment", "-deployed_at", "-number"],
                condition=models.Q(state="deployed"),
                name="what_runs_where",
            ),
            models.Index(
                fields=["requested_by", "-number"],
                condition=models.Q(state__in=[*STUCK, ChangeRequestState.BLOCKED]),
                name="stuck_requests_of_a_person",
            ),
            GinIndex(
                fields=["waiting_for"],
                condition=models.Q(state="awaiting_approval"),
                name="inbox_of_a_person",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The name people quote: ``CR-12``."""
        return f"CR-{self.number}"

    @property
    def is_final(self) -> bool:
        """Whether the story has ended."""
        return self.state in FINAL

    def next_state(self, verb: Verb) -> ChangeRequestState:
        """Return where the verb leads from here.

        Raises:
            IllegalTransition: the life cycle has no such step.
        """
        try:
            return TRANSITIONS[ChangeRequestState(self.state), verb]
        except KeyError:
            here = ChangeRequestState(self.state).label.lower()
            raise IllegalTransition(
                f"{self.label} is {here}; one cannot {verb.label} a change request in that state."
            ) from None

    @property
    def audit_stream(self) -> str:
        """The stream of everything that happens to this request."""
        return f"change-request/{self.number}"

    @property
    def audit_object(self) -> dict[str, Any]:
        """Its identity in an entry."""
        return {"type": "change-request", "id": self.number, "label": self.label}

    @property
    def audit_project(self) -> str:
        """The project's slug."""
        return self.project.slug


class Statement(models.Model):
    """What one signs: the canonical document of everything that was put to the vote, and its digest."""

    change_request = models.ForeignKey(ChangeRequest, models.PROTECT, related_name="statements")
    digest = models.CharField(max_length=71, validators=[DIGEST])
    document = models.JSONField()
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["change_request", "digest"], name="statement_once_per_request"
            ),
        ]

    def __str__(self) -> str:
        return self.digest


class GateResult(models.Model):
    """One gate's present outcome for one change request (and one item of its release)."""

    change_request = models.ForeignKey(ChangeRequest, models.CASCADE, related_name="gate_results")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=100)
    item = models.ForeignKey(ReleaseItem, models.PROTECT, null=True, blank=True, related_name="+")
    outcome = models.CharField(max_length=12, choices=GateVerdict)
    detail = models.TextField()
    satisfied_by = models.TextField(blank=True)
    evidence = models.ForeignKey(Evidence, models.PROTECT, null=True, blank=True, related_name="+")
    evaluated_at = models.DateTimeField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["change_request", "position"], name="gate_result_position_once"
            ),
            models.CheckConstraint(
                condition=models.Q(outcome__in=GateVerdict.values), name="gate_outcome_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.outcome}"


class ApprovalDecision(models.TextChoices):
    """Yes or no."""

    APPROVED = "approved", "Approved"
    REJECTED = "rejected", "Rejected"


class Approval(models.Model):
    """One person's signed yes or no to one statement. Used once, voided when the statement changes."""

    change_request = models.ForeignKey(ChangeRequest, models.PROTECT, related_name="approvals")
    statement = models.ForeignKey(Statement, models.PROTECT, related_name="approvals")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="approvals")
    person_name = models.CharField(max_length=150)
    roles = ArrayField(models.CharField(max_length=63), default=list)
    decision = models.CharField(max_length=10, choices=ApprovalDecision)
    comment = models.TextField(blank=True, max_length=4000)
    given_at = models.DateTimeField(auto_now_add=True)
    voided_at = models.DateTimeField(null=True, blank=True)
    void_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["change_request", "person"],
                condition=models.Q(voided_at=None),
                name="one_standing_decision_per_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_name} {self.decision} {self.change_request}"
