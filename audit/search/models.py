"""The index of the log's words, filled behind the sequencer so that no writer waits for it."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models


class Words(models.Model):
    """The words of one entry, as ``audit_words_of`` draws them from it."""

    event_id = models.BigIntegerField(primary_key=True)
    words = SearchVectorField()

    class Meta:
        app_label = "audit"
        indexes = [GinIndex(fields=["words"], name="audit_by_words")]

    def __str__(self) -> str:
        return f"words of event {self.event_id}"


class WordsCursor(models.Model):
    """How far the index has come: the words of the first ``size`` leaves of the log ``origin`` are in it."""

    id = models.SmallIntegerField(primary_key=True)
    origin = models.TextField()
    size = models.BigIntegerField()

    class Meta:
        app_label = "audit"
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="audit_one_cursor")]

    def __str__(self) -> str:
        return f"{self.size} of {self.origin}"
