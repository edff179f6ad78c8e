"""What workers do for decisions: find the row, call the action."""

from celery import shared_task
from django.utils import timezone

from audit.origin import Origin, coming_from
from catalog.models import Environment, the_portal
from releases.actions.reevaluate import reevaluate as reevaluate_change_request
from releases.models import ChangeRequest
from releases.models.change_request import ChangeRequestQuerySet
from releases.states import OPEN

SWEEP_AT_MOST = 200
"""Rows of one sweep; the next one comes in seconds."""


@shared_task(name="releases.reevaluate", soft_time_limit=60)
def reevaluate(number: int) -> None:
    """Evaluate one change request again."""
    with coming_from(Origin("worker")):
        reevaluate_change_request(number, by=the_portal())


@shared_task(name="releases.reevaluate_environment", soft_time_limit=300)
def reevaluate_environment(environment_id: int) -> None:
    """Evaluate the open change requests of an environment: its policy, target or people changed."""
    numbers = _open().filter(environment_id=environment_id).values_list("number", flat=True)
    for number in numbers:
        reevaluate(number)


@shared_task(name="releases.reevaluate_project", soft_time_limit=300)
def reevaluate_project(project_id: int) -> None:
    """Evaluate the open change requests of a project: who holds which role changed."""
    for environment_id in Environment.objects.filter(project_id=project_id).values_list(
        "pk", flat=True
    ):
        reevaluate_environment(environment_id)


@shared_task(name="releases.sweep", soft_time_limit=120)
def sweep() -> None:
    """Evaluate what is due: marked by new evidence, scheduled, or run out."""
    due = _open().filter(check_again_at__lte=timezone.now()).order_by("check_again_at")
    for number in due.values_list("number", flat=True)[:SWEEP_AT_MOST]:
        reevaluate(number)


def _open() -> ChangeRequestQuerySet:
    return ChangeRequest.objects.filter(state__in=OPEN)
