"""One flat table."""

from django.db import models


class Fields(models.Model):
    """An artifact version's columns."""

    artifact = models.CharField(max_length=200)
    version = models.CharField(max_length=200)
    digest = models.CharField(max_length=80)
    uri = models.CharField(max_length=500)
    repository = models.CharField(max_length=500)
    commit = models.CharField(max_length=64)
    build_url = models.CharField(max_length=500)
    state = models.CharField(max_length=40)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.artifact} {self.version}"


class Plain(Fields):
    """Nobody watches it."""
