"""What workers do for deployments: find, call, decide nothing."""

from typing import Any

from celery import shared_task

from audit.origin import Origin, coming_from
from deployments.actions.give_up_waiting import give_up_waiting
from deployments.carry_out import carry_out as carry_out_change_request
from deployments.models import Deployment
from deployments.queue import forgotten, nudge
from releases.queue import CARRY_OUT


@shared_task(name=CARRY_OUT, bind=True, acks_late=True)
def carry_out(self: Any, number: int) -> None:
    """Carry out a change request, or go on with one. A repeated or late message does no harm."""
    with coming_from(Origin("worker", request_id=self.request.id or "")):
        carry_out_change_request(number, worker=self.request.hostname or "worker")


@shared_task(name="deployments.sweep", soft_time_limit=60)
def sweep() -> None:
    """Find what no worker is busy with: lost nudges, silent workers, due tries, overdue reports."""
    with coming_from(Origin("worker")):
        for number in forgotten():
            nudge(number)
        for deployment_id in Deployment.objects.overdue().values_list("pk", flat=True):
            give_up_waiting(deployment_id)
