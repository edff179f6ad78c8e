"""The time for a retraining request is over."""

from django.db import transaction
from django.utils import timezone

from audit.record import record
from catalog.models import User
from models_registry.audit_events import RetrainingEvent
from models_registry.retraining_rules import locked_request, move
from models_registry.states import RetrainingVerb


@transaction.atomic(durable=True)
def expire_retraining(request_id: int, *, by: User) -> None:
    """Wait no longer. Should its version come all the same, it is linked then."""
    row = locked_request(request_id)
    if not row.is_open or row.expires_at > timezone.now():
        return
    if row.triggered_at:
        why = "no version with its id has come from MLflow in time."
    else:
        why = f"it could not be begun in time. {row.sentence}".strip()
    move(row, RetrainingVerb.EXPIRE)
    row.sentence = f"{why[:1].upper()}{why[1:]}"
    row.save()
    record(RetrainingEvent.EXPIRED, subject=row, by=by, outcome="failure", why=why)
