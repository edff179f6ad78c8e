"""A filter with a name."""

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from audit.reach import Reach

LONGEST_NAME = 60


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    """Reads of saved views."""

    def for_reader(self, owner: Any, reach: "Reach") -> "SavedViewQuerySet":
        """Return one's own, and those that are shared with the readers of a project's log."""
        shared = Q(project__isnull=False)
        if not reach.whole:
            shared = Q(project__in=reach.projects)
        return self.filter(Q(owner=owner) | shared)


class SavedView(models.Model):
    """What somebody asks the log again and again. It opens nothing: a reader sees what they may read."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    name = models.CharField(max_length=LONGEST_NAME)
    query = models.TextField()
    """The filter's fields, as in the page's address."""
    project = models.TextField(null=True)  # noqa: DJ001 -- with whose readers it is shared; None: with nobody
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        app_label = "audit"
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "name"], name="audit_view_name_once_per_owner"
            ),
        ]

    def __str__(self) -> str:
        return f"saved view {self.pk}"

    @property
    def audit_stream(self) -> str:
        """The stream of its events."""
        return f"saved-view/{self.pk}"

    @property
    def audit_object(self) -> dict[str, Any]:
        """Its identity in an entry; the name is whatever its owner typed."""
        return {"type": "saved-view", "id": self.pk, "label": str(self)}

    @property
    def audit_project(self) -> str | None:
        """The project with whose readers it is shared."""
        return self.project
