"""What is known about the log's health. None of it is evidence: that is the log itself."""

from django.db import models
from django.db.models.functions import Now


class VerificationRun(models.Model):
    """One verification of the whole log. Its row is written at its end and never changed.

    Attributes:
        origin: the log's name.
        size: entries in the tree that was recomputed.
        root: of that tree as recomputed, hexadecimal.
        checkpoints: signed checkpoints that were compared with it.
        findings: sentences about what is wrong; none when ``ok``.
    """

    id = models.BigAutoField(primary_key=True)
    origin = models.TextField()
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(db_default=Now())
    ok = models.BooleanField()
    size = models.BigIntegerField()
    root = models.TextField()
    checkpoints = models.BigIntegerField()
    findings = models.JSONField(default=list)

    class Meta:
        app_label = "audit"

    def __str__(self) -> str:
        return f"{'good' if self.ok else 'BAD'} {self.origin} of {self.size}"


class AlarmKind(models.TextChoices):
    """What may be wrong with the log."""

    VERIFICATION = "verification", "Verification"
    WITNESS = "witness", "A witness contradicts"
    UNWITNESSED = "unwitnessed", "Not witnessed"
    SEALING = "sealing", "Not sealed"
    REFUSED = "refused", "Refused entries"
    SILENCE = "silence", "Silence"
    CLOCK = "clock", "The clock is off"
    UNVERIFIED = "unverified", "Not verified"
    UNKEPT = "unkept", "Not kept elsewhere"
    STREAM = "stream", "Not sent to a destination"


class Alarm(models.Model):
    """Something about the log that people must look at; shown on every page until it is lifted."""

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=20, choices=AlarmKind)
    about = models.TextField(blank=True)
    """Which witness, for instance. One alarm of a kind is open about one thing."""
    sentence = models.TextField()
    raised_at = models.DateTimeField(db_default=Now())
    lifted_at = models.DateTimeField(null=True)
    lifted_because = models.TextField(blank=True)

    class Meta:
        app_label = "audit"
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "about"],
                condition=models.Q(lifted_at=None),
                name="audit_one_open_alarm_about_a_thing",
            ),
        ]

    def __str__(self) -> str:
        return self.sentence


class WitnessStanding(models.Model):
    """What a witness last answered."""

    label = models.TextField(primary_key=True)
    url = models.TextField()
    size = models.BigIntegerField(default=0)
    """Of the largest checkpoint that it cosigned."""
    cosigned_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True)
    trouble = models.TextField(blank=True)
    """Why it did not cosign when it was last asked; empty if it did."""

    class Meta:
        app_label = "audit"

    def __str__(self) -> str:
        return self.label
