"""The roof's own chores."""

from celery import shared_task

from portal.api import answers


@shared_task(name="portal.forget_idempotency_keys")
def forget_idempotency_keys() -> None:
    """Delete the kept answers of POSTs that are older than 24 hours."""
    answers.forget()
