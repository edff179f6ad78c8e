"""The events and what stands beside them.

An event's truth is ``entry``: the bytes that were hashed. Everything else in its row is a projection
for reading. Personal data never enters an entry: it holds pseudonyms and salted commitments, and the
names and free text behind them are in ``Disclosure``, each under the key of the person whom it concerns;
they can be erased without breaking a proof.
"""

from typing import Any, NoReturn

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models.functions import Now

from audit.parts import FactsDecoder


class TransactionIdField(models.BigIntegerField):  # type: ignore[type-arg]  # not subscriptable at run time
    """PostgreSQL's 64-bit transaction id (``xid8``), which never wraps."""

    def db_type(self, connection: Any) -> str:
        """Return the column's type."""
        return "xid8"


class EventQuerySet(models.QuerySet["Event"]):
    """Reads of the log."""

    def in_log_order(self) -> "EventQuerySet":
        """Oldest first: by leaf index, and after those what has none yet, by identity id."""
        return self.order_by(models.F("leaf__idx").asc(nulls_last=True), "pk")

    def of_stream(self, stream: str) -> "EventQuerySet":
        """The events of one aggregate in their dense order."""
        return self.filter(stream=stream).order_by("stream_seq")


class Event(models.Model):
    """One thing that happened. Written by ``audit.record.record`` and by nothing else."""

    id = models.BigAutoField(primary_key=True)
    uid = models.UUIDField(unique=True, editable=False)
    xid = TransactionIdField(editable=False)
    recorded_at = models.DateTimeField(editable=False)
    db_user = models.TextField(editable=False)
    stream = models.TextField()
    stream_seq = models.BigIntegerField(editable=False)
    body = models.TextField(null=True)  # noqa: DJ001 -- moves into the entry, then NULL
    type = models.TextField(editable=False)
    actor = models.TextField(editable=False)
    project = models.TextField(null=True, editable=False)  # noqa: DJ001 -- not every event has one
    facts = models.JSONField(editable=False, decoder=FactsDecoder)
    entry = models.BinaryField(editable=False)
    leaf_hash = models.BinaryField(editable=False)

    objects = EventQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["stream", "stream_seq"], name="audit_stream_number_once"
            ),
        ]
        indexes = [
            models.Index(fields=["project", "id"], name="audit_by_project"),
            models.Index(fields=["type", "id"], name="audit_by_type"),
            models.Index(fields=["actor", "id"], name="audit_by_actor"),
            # The few that went wrong, among the many that did not.
            models.Index(
                fields=["id"],
                condition=models.Q(facts__outcome__in=["failure", "denied", "error"]),
                name="audit_by_bad_outcome",
            ),
            # Rows lie in the order of their times, so that a few bytes per range are enough.
            BrinIndex(
                fields=["recorded_at"], name="audit_by_time", autosummarize=True, pages_per_range=32
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stream}#{self.stream_seq} {self.type}"

    def save(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse: an event is written by ``record()``."""
        raise TypeError("Audit events are written by audit.record.record().")

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse: an event stays."""
        raise TypeError("Audit events cannot be deleted.")


class Stream(models.Model):
    """The counter behind the dense numbers of one aggregate's events."""

    stream = models.TextField(primary_key=True)
    last_seq = models.BigIntegerField()

    def __str__(self) -> str:
        return self.stream


class Pending(models.Model):
    """A committed event that has no leaf index yet: the sequencer's queue."""

    event_id = models.BigIntegerField(primary_key=True)

    def __str__(self) -> str:
        return str(self.event_id)


class Disclosure(models.Model):
    """The values behind an event's commitments, under their subjects' keys (``audit.privacy.sealing``)."""

    event_id = models.BigIntegerField(primary_key=True)
    sealed = models.JSONField()

    def __str__(self) -> str:
        return f"values of event {self.event_id}"


class Leaf(models.Model):
    """An event's place in the tree. Written by the sequencer, dense from 0, never changed."""

    idx = models.BigIntegerField(primary_key=True)
    # Inserted from a join with the events, which cannot be deleted: a constraint would only cost time.
    event = models.OneToOneField(Event, models.DO_NOTHING, db_constraint=False, related_name="leaf")
    leaf_hash = models.BinaryField()

    def __str__(self) -> str:
        return f"leaf {self.idx}"


class Tree(models.Model):
    """The one row of the tree's state; its lock makes a sequencer the leader.

    Attributes:
        origin: the log's name, empty until the first sequencer says it.
        incarnation: 1, and one more for each time a new log had to be opened after a restore.
        frontier: the roots of the maximal perfect subtrees, left to right.
        sequenced_at: when leaves were last added.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    origin = models.TextField()
    incarnation = models.IntegerField()
    size = models.BigIntegerField()
    frontier = ArrayField(models.BinaryField())
    root = models.BinaryField()
    sequenced_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="audit_there_is_one_tree"),
        ]

    def __str__(self) -> str:
        return f"{self.origin} of {self.size}"


class Checkpoint(models.Model):
    """A tree head that the signer signed and published. ``note`` is the signed text as published then."""

    id = models.BigAutoField(primary_key=True)
    origin = models.TextField()
    size = models.BigIntegerField()
    root = models.BinaryField()
    note = models.TextField()
    signed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["origin", "size"], name="audit_one_checkpoint_per_size"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.origin} of {self.size}"


class Cosignature(models.Model):
    """A witness's signature on a checkpoint: ``line`` is its signature line, verified before it is kept."""

    id = models.BigAutoField(primary_key=True)
    checkpoint = models.ForeignKey(Checkpoint, models.PROTECT, related_name="cosignatures")
    name = models.TextField()
    key_id = models.TextField()
    line = models.TextField()
    stated_at = models.DateTimeField()
    received_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["checkpoint", "name", "key_id"], name="audit_one_cosignature_per_key"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} on {self.checkpoint_id}"


class Quorum(models.Model):
    """Since when a checkpoint is witnessed: the cosignatures that the policy asks for are there."""

    checkpoint = models.OneToOneField(Checkpoint, models.PROTECT, primary_key=True)
    met_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"quorum of {self.checkpoint_id}"


class Anchor(models.Model):
    """A proof of time from elsewhere, such as an RFC 3161 token over a checkpoint's note."""

    id = models.BigAutoField(primary_key=True)
    checkpoint = models.ForeignKey(Checkpoint, models.PROTECT, related_name="anchors")
    kind = models.TextField()
    authority = models.TextField()
    token = models.BinaryField()
    made_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.kind} of {self.authority}"


class RefusedEntry(models.Model):
    """An event that the sequencer kept out of the tree, because its entry can be read in more than one way.

    Whoever recorded it went past ``audit.record``. It stays where it is, and its number in its stream is a
    gap in the log.
    """

    event = models.OneToOneField(
        Event, models.DO_NOTHING, primary_key=True, db_constraint=False, related_name="refused"
    )
    reason = models.TextField()
    refused_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"refused entry of event {self.event_id}"


class Halt(models.Model):
    """Why nothing is put into the tree any more. Recovery removes it."""

    id = models.BigAutoField(primary_key=True)
    said_by = models.TextField()
    reason = models.TextField()
    at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.reason


# Django looks for models here.
from audit.completeness.models import Alarm, VerificationRun, WitnessStanding  # noqa: E402, F401 -- Django finds an app's models here, and these import from above
from audit.packs.models import Pack  # noqa: E402, F401 -- Django finds an app's models here, and these import from above
from audit.privacy.models import (  # noqa: E402, F401 -- Django finds an app's models here, and these import from above
    Erasure,
    LegalHold,
    Pruning,
    RetentionPeriod,
    SubjectKey,
)
from audit.saved.models import SavedView  # noqa: E402, F401 -- Django finds an app's models here, and these import from above
from audit.search.models import Words, WordsCursor  # noqa: E402, F401 -- Django finds an app's models here, and these import from above
from audit.streaming.models import DeadLetter, Destination  # noqa: E402, F401 -- Django finds an app's models here, and these import from above
