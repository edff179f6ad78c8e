"""A small audited change, as a sweep makes it."""

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from audit.record import record
from catalog.audit_events import CatalogEvent
from catalog.models import Project, the_portal

NAME = "benchmarks.audited"


@shared_task(name=NAME)
def audited(number: int) -> None:
    """Change one row and record it, in one transaction."""
    with transaction.atomic(durable=True):
        project = Project.objects.select_for_update(no_key=True).get(pk=1001 + number % 200)
        project.description = f"Looked at {timezone.now():%H:%M:%S.%f}."
        project.save(update_fields=["description"])
        record(
            CatalogEvent.PROJECT_CHANGED, subject=project, by=the_portal(),
            what="the description",
        )  # fmt: skip
