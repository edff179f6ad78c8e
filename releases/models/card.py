"""Model cards: what people say about a model version. Saved states are kept, each as it was."""

import hashlib
import secrets
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from catalog.models import DIGEST, ArtifactVersion, Project, RiskTier
from releases.canonical import canonical_bytes
from releases.models.change_request import ChangeRequest
from releases.models.evidence import Evidence
from releases.states import ChangeRequestState

if TYPE_CHECKING:
    from datetime import datetime

    from catalog.models import User


def new_salt() -> str:
    """Return what keeps a revision's digest from being guessed: 32 random hexadecimal digits."""
    return secrets.token_hex(16)


class CardSource(models.TextChoices):
    """Where the content of a revision came from."""

    EDITED = "edited", "Written here"
    SNAPSHOT = "snapshot", "Begun from what MLflow says of the version"
    COPIED = "copied", "Begun from another version's card"
    HUGGINGFACE = "huggingface", "Hugging Face README.md"
    GOOGLE = "google", "Google Model Card Toolkit"
    CYCLONEDX = "cyclonedx", "CycloneDX"


class ModelCardQuerySet(models.QuerySet["ModelCard"]):
    """Reads of model cards."""

    def visible_to(self, user: "User") -> "ModelCardQuerySet":
        """Return the cards in the projects this account may see."""
        return self.filter(project__in=Project.objects.visible_to(user))

    def that_matter(self) -> "ModelCardQuerySet":
        """Return those of versions that serve somewhere, and each model's newest one.

        The card of a version that was replaced everywhere needs no further review.
        """
        artifact = "artifact_version__artifact"
        newer = ModelCard.objects.filter(
            artifact_version__artifact=OuterRef(artifact),
            artifact_version__gt=OuterRef("artifact_version"),
        )
        deployed = ChangeRequest.objects.filter(state=ChangeRequestState.DEPLOYED)
        later = deployed.filter(
            environment=OuterRef("environment"),
            deployed_at__gt=OuterRef("deployed_at"),
            release__items__artifact_version__artifact=OuterRef(OuterRef(artifact)),
        )
        serves = deployed.filter(
            release__items__artifact_version=OuterRef("artifact_version")
        ).filter(~Exists(later))
        return self.filter(~Exists(newer) | Exists(serves))

    def overdue(self, at: "datetime | None" = None) -> "ModelCardQuerySet":
        """Return those that should have been reviewed by that moment (now)."""
        return self.that_matter().filter(next_review_at__lte=at or timezone.now())


class ModelCard(models.Model):
    """The card of one model version: which revision stands, and when it was and will be reviewed."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="model_cards")
    artifact_version = models.OneToOneField(ArtifactVersion, models.PROTECT, related_name="card")
    revision = models.PositiveIntegerField()
    """Number of the revision that stands."""
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    """Who answers for the card, as in the revision that stands."""
    risk_tier = models.CharField(max_length=10, choices=RiskTier, blank=True)
    is_complete = models.BooleanField()
    reviewed_revision = models.PositiveIntegerField(null=True, blank=True)
    """Number of the revision that was reviewed last."""
    reviewed_at = models.DateTimeField(null=True, blank=True)
    next_review_at = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ModelCardQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(risk_tier__in=["", *RiskTier.values]),
                name="card_risk_tier_is_known",
            ),
            models.CheckConstraint(
                condition=Q(reviewed_revision=None, reviewed_at=None)
                | Q(reviewed_revision__lte=models.F("revision"), reviewed_at__isnull=False),
                name="a_reviewed_card_says_when",
            ),
        ]
        indexes = [models.Index(fields=["next_review_at"], name="cards_by_next_review")]

    def __str__(self) -> str:
        return f"card of {self.artifact_version}"

    @property
    def is_reviewed(self) -> bool:
        """Whether somebody else confirmed the revision that stands."""
        return self.reviewed_revision == self.revision

    def is_overdue(self, at: "datetime | None" = None) -> bool:
        """Return whether it should have been reviewed by that moment (now)."""
        return self.next_review_at <= (at or timezone.now())

    @property
    def audit_stream(self) -> str:
        """Events about the card belong to the version."""
        return self.artifact_version.audit_stream

    @property
    def audit_object(self) -> dict[str, Any]:
        """Its identity in an entry."""
        return {"type": "model-card", "id": self.artifact_version_id, "label": str(self)}

    @property
    def audit_project(self) -> str:
        """The project's slug."""
        return self.project.slug


class CardRevision(models.Model):
    """One saved state of a card. It never changes; a trigger holds that. Only an erasure empties the note."""

    card = models.ForeignKey(ModelCard, models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    content = models.JSONField()
    """As in ``releases.cards.fields``, without empty fields."""
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    risk_tier = models.CharField(max_length=10, choices=RiskTier, blank=True)
    is_complete = models.BooleanField()
    salt = models.CharField(max_length=32, default=new_salt)
    digest = models.CharField(max_length=71, validators=[DIGEST])
    """SHA-256 over content, owner, tier and salt, as it stands in the audit entry and under signatures."""
    source = models.CharField(max_length=12, choices=CardSource, default=CardSource.EDITED)
    evidence = models.ForeignKey(
        Evidence, models.PROTECT, null=True, blank=True, related_name="card_revisions"
    )
    """The document that was imported."""
    taken = models.JSONField(default=dict)
    """``{"taken", "replaced", "kept": [title]}`` of an import."""
    left_out = models.JSONField(default=list)
    """``[{"path", "why"}]``: what the document says and the card does not."""
    note = models.TextField(blank=True)
    saved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    saved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["card", "number"], name="card_revision_number_once"),
            models.CheckConstraint(
                condition=Q(source__in=CardSource.values), name="card_source_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"revision {self.number} of the {self.card}"

    def digest_now(self) -> str:
        """Return the digest of what the row holds."""
        document = {
            "schema": "gatehouse.card/v1",
            "version": self.card.artifact_version.digest,
            "content": self.content,
            "owner": self.owner.pseudonym if self.owner else None,
            "risk_tier": self.risk_tier,
            "salt": self.salt,
        }
        return f"sha256:{hashlib.sha256(canonical_bytes(document)).hexdigest()}"


class CardReview(models.Model):
    """Somebody other than the author confirmed a revision, and said when to look again."""

    revision = models.ForeignKey(CardRevision, models.PROTECT, related_name="reviews")
    reviewed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    reviewed_at = models.DateTimeField()
    next_review_at = models.DateTimeField()
    reason = models.TextField(blank=True)
    """Why then; needed where it is later than the risk tier's interval."""
    comment = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"review of {self.revision}"
