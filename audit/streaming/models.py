"""Where the log is sent, how far that has come, and what was refused for good."""

from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

if TYPE_CHECKING:
    from datetime import datetime

CONFIGURED: Final = (
    "name",
    "kind",
    "format",
    "layout",
    "url",
    "host",
    "port",
    "file_name",
    "signing_secret",
    "authorization_secret",
    "ca_file",
    "certificate_file",
    "key_file",
)
"""What an administrator decides. PostgreSQL refuses a change of it that leaves no event."""


class DestinationKind(models.TextChoices):
    """How it is reached."""

    WEBHOOK = "webhook", "Signed webhook"
    SYSLOG = "syslog", "Syslog over TLS"
    FILE = "file", "File of JSON lines"


class RecordFormat(models.TextChoices):
    """What a record looks like."""

    GATEHOUSE = "gatehouse", "Gatehouse: the entry byte for byte"
    OCSF = "ocsf", "OCSF 1.8"


class BodyLayout(models.TextChoices):
    """How a webhook's body holds the records."""

    MESSAGE = "message", "One JSON message with a list of records"
    LINES = "lines", "A record on each line (NDJSON)"


class DestinationQuerySet(models.QuerySet["Destination"]):
    """Reads of destinations."""

    def due(self, now: "datetime") -> "DestinationQuerySet":
        """Return those that may be called now and that nobody is busy with."""
        return self.filter(
            Q(lease_until=None) | Q(lease_until__lte=now),
            Q(not_before=None) | Q(not_before__lte=now) | Q(test_asked_at__isnull=False),
        ).order_by("pk")


class Destination(models.Model):
    """A place that gets every sealed entry, in the order of the log, at least once.

    Attributes:
        origin: the log whose entries were sent last; another one begins at its first entry.
        next_index: the cursor: every entry below it was acknowledged, or is a dead letter.
        sending_until: end of the batch that was begun, so that a repeated batch is the same one; None
            between two batches.
        tries: how often the one record at the cursor was refused.
        refused_in_row: dead letters since a record was last taken.
        failures: calls in a row that came to nothing.
        not_before: when it may be called again.
        trouble: why the last call came to nothing; empty if it did not.
        paused_because: why nothing is sent.
        test_asked_at: since when a test record waits to be sent; ``test_result`` says what came of it.
    """

    name = models.CharField(
        max_length=63, unique=True, validators=[RegexValidator(r"^[a-z0-9][a-z0-9-]*$")]
    )
    kind = models.CharField(max_length=10, choices=DestinationKind)
    format = models.CharField(max_length=10, choices=RecordFormat, default=RecordFormat.GATEHOUSE)
    layout = models.CharField(max_length=10, choices=BodyLayout, default=BodyLayout.MESSAGE)
    url = models.CharField(max_length=500, blank=True)
    host = models.CharField(max_length=253, blank=True)
    port = models.PositiveIntegerField(null=True)
    file_name = models.CharField(max_length=100, blank=True)
    signing_secret = models.CharField(max_length=100, blank=True)
    authorization_secret = models.CharField(max_length=100, blank=True)
    ca_file = models.CharField(max_length=100, blank=True)
    certificate_file = models.CharField(max_length=100, blank=True)
    key_file = models.CharField(max_length=100, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    is_paused = models.BooleanField(default=False)
    paused_because = models.TextField(blank=True)
    origin = models.TextField(blank=True)
    next_index = models.BigIntegerField(default=0)
    sending_until = models.BigIntegerField(null=True)
    tries = models.IntegerField(default=0)
    refused_in_row = models.IntegerField(default=0)
    failures = models.IntegerField(default=0)
    not_before = models.DateTimeField(null=True)
    trouble = models.TextField(blank=True)
    delivered = models.BigIntegerField(default=0)
    delivered_at = models.DateTimeField(null=True)
    lease_holder = models.CharField(max_length=120, blank=True)
    lease_until = models.DateTimeField(null=True)
    test_asked_at = models.DateTimeField(null=True)
    test_done_at = models.DateTimeField(null=True)
    test_succeeded = models.BooleanField(null=True)
    test_result = models.TextField(blank=True)

    objects = DestinationQuerySet.as_manager()

    class Meta:
        app_label = "audit"
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=DestinationKind.values), name="audit_destination_kind_is_known"
            ),
            models.CheckConstraint(
                condition=Q(format__in=RecordFormat.values),
                name="audit_destination_format_is_known",
            ),
            models.CheckConstraint(
                condition=Q(layout__in=BodyLayout.values),
                name="audit_destination_layout_is_known",
            ),
            models.CheckConstraint(
                condition=Q(next_index__gte=0), name="audit_destination_cursor_is_no_debt"
            ),
            models.CheckConstraint(
                condition=Q(sending_until=None) | Q(sending_until__gt=F("next_index")),
                name="audit_destination_batch_is_not_empty",
            ),
        ]

    def __str__(self) -> str:
        return f"destination {self.name}"

    @property
    def place(self) -> str:
        """Where it is, without the part of an address that may be a secret."""
        if self.kind == DestinationKind.WEBHOOK:
            scheme, _, rest = self.url.partition("://")
            return f"{scheme}://{rest.partition('/')[0]}"
        if self.kind == DestinationKind.SYSLOG:
            host = f"[{self.host}]" if ":" in self.host else self.host
            return f"syslog+tls://{host}:{self.port}"
        return self.file_name

    @property
    def is_busy(self) -> bool:
        """Whether a streamer sends to it now."""
        return self.lease_until is not None and self.lease_until > timezone.now()

    @property
    def audit_stream(self) -> str:
        """The stream of its events."""
        return f"log-destination/{self.pk}"

    @property
    def audit_object(self) -> dict[str, Any]:
        """Its identity in an entry."""
        return {"type": "log-destination", "id": self.pk, "label": str(self)}

    @property
    def audit_project(self) -> str | None:
        """None: it belongs to the whole portal."""
        return None


class DeadLetterQuerySet(models.QuerySet["DeadLetter"]):
    """Reads of what was refused."""

    def open(self) -> "DeadLetterQuerySet":
        """Return those that did not arrive since, and that nobody dismissed."""
        return self.filter(delivered_at=None, dismissed_at=None)


class DeadLetter(models.Model):
    """An entry that a destination refused for good. It stays in the log; here is only its index.

    Attributes:
        origin: the log.
        index: of the leaf.
        reason: what the destination said the last time.
        tries: how often it was offered.
        again_at: since when it waits to be sent again.
        delivered_at: when it arrived after all.
        dismissed_at: when somebody decided that the place shall do without it; its event says who, and why.
    """

    destination = models.ForeignKey(Destination, models.CASCADE, related_name="dead_letters")
    origin = models.TextField()
    index = models.BigIntegerField()
    event_type = models.TextField()
    reason = models.TextField()
    tries = models.IntegerField()
    refused_at = models.DateTimeField(default=timezone.now)
    again_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    dismissed_at = models.DateTimeField(null=True)

    objects = DeadLetterQuerySet.as_manager()

    class Meta:
        app_label = "audit"
        ordering = ["-index"]
        constraints = [
            models.UniqueConstraint(
                fields=["destination", "origin", "index"], name="audit_one_dead_letter_per_entry"
            ),
        ]
        indexes = [
            models.Index(
                fields=["destination"],
                condition=Q(delivered_at=None, dismissed_at=None),
                name="audit_dead_letters_open",
            ),
        ]

    def __str__(self) -> str:
        return f"entry {self.index} for {self.destination_id}"
