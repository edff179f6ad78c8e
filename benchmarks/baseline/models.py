"""The portal's own tables as flat rows, and a table with an ORM audit row beside it."""

from django.contrib.auth.models import AbstractUser
from django.core.validators import RegexValidator
from django.db import models


class Account(AbstractUser):
    """Who calls. A user of its own: the portal's belongs to the portal's sign-in."""


class FlatChangeRequest(models.Model):
    """A change request without anything behind its foreign keys."""

    number = models.BigAutoField(primary_key=True)
    project_id = models.BigIntegerField()
    environment_id = models.BigIntegerField()
    release_id = models.BigIntegerField()
    kind = models.CharField(max_length=10)
    reason = models.TextField()
    requested_by_id = models.BigIntegerField()
    requested_at = models.DateTimeField()
    state = models.CharField(max_length=20)
    state_since = models.DateTimeField()
    not_before = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    deployed_at = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "releases_changerequest"
        ordering = ["-number"]


class Build(models.Model):
    """What CI registers: the fields of an artifact version in one flat row."""

    artifact = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, choices=[("image", "Image"), ("model", "Model")])
    version = models.CharField(max_length=128)
    digest = models.CharField(max_length=71, validators=[RegexValidator(r"^sha256:[0-9a-f]{64}\Z")])
    uri = models.CharField(max_length=500, blank=True)
    repository = models.CharField(max_length=500, blank=True)
    commit = models.CharField(max_length=64, blank=True)
    authors = models.JSONField(default=list)
    build_url = models.URLField(max_length=500, blank=True)
    registered_by = models.ForeignKey(Account, models.PROTECT, related_name="+")
    registered_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["artifact", "version"], name="baseline_version_once"),
        ]


class AuditRow(models.Model):
    """Who did what to which row: an audit log as it is usually written."""

    actor = models.ForeignKey(Account, models.PROTECT, related_name="+")
    action = models.CharField(max_length=40)
    object_type = models.CharField(max_length=40)
    object_id = models.BigIntegerField()
    data = models.JSONField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["object_type", "object_id"])]


class Person(models.Model):
    """The portal's people, for pages."""

    username = models.CharField(max_length=150)
    full_name = models.CharField(max_length=150)

    class Meta:
        managed = False
        db_table = "catalog_user"


class Project(models.Model):
    """The portal's projects, for pages."""

    slug = models.CharField(max_length=63)
    name = models.CharField(max_length=100)

    class Meta:
        managed = False
        db_table = "catalog_project"


class Environment(models.Model):
    """The portal's environments, for pages."""

    name = models.CharField(max_length=63)
    tier = models.CharField(max_length=12)

    class Meta:
        managed = False
        db_table = "catalog_environment"


class Release(models.Model):
    """The portal's releases, for pages."""

    version = models.CharField(max_length=128)
    content_digest = models.CharField(max_length=71)

    class Meta:
        managed = False
        db_table = "releases_release"


class ChangeRequest(models.Model):
    """The portal's change requests with their relations, for pages."""

    number = models.BigAutoField(primary_key=True)
    project = models.ForeignKey(Project, models.DO_NOTHING)
    environment = models.ForeignKey(Environment, models.DO_NOTHING)
    release = models.ForeignKey(Release, models.DO_NOTHING)
    kind = models.CharField(max_length=10)
    reason = models.TextField()
    requested_by = models.ForeignKey(Person, models.DO_NOTHING)
    requested_at = models.DateTimeField()
    state = models.CharField(max_length=20)
    state_since = models.DateTimeField()
    deployed_at = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "releases_changerequest"
        ordering = ["-number"]


class GateResult(models.Model):
    """The portal's gate results, for the page of one change request."""

    change_request = models.ForeignKey(ChangeRequest, models.DO_NOTHING, related_name="gates")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=100)
    outcome = models.CharField(max_length=12)
    detail = models.TextField()

    class Meta:
        managed = False
        db_table = "releases_gateresult"
        ordering = ["position"]


class Approval(models.Model):
    """The portal's approvals, for the page of one change request."""

    change_request = models.ForeignKey(ChangeRequest, models.DO_NOTHING, related_name="approvals")
    person = models.ForeignKey(Person, models.DO_NOTHING)
    decision = models.CharField(max_length=10)
    comment = models.TextField()
    given_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "releases_approval"
        ordering = ["id"]


class Event(models.Model):
    """The portal's events, for the timeline of one change request."""

    stream = models.TextField()
    stream_seq = models.BigIntegerField()
    type = models.TextField()
    actor = models.TextField()
    recorded_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "audit_event"
        ordering = ["stream_seq"]
