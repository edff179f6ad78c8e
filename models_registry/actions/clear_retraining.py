"""Somebody looked in the tool whether a training was begun."""

from django.db import transaction
from django.utils import timezone

from audit.record import record
from catalog.models import User
from models_registry.audit_events import RetrainingEvent
from models_registry.models import RetrainingRequest
from models_registry.queue import nudge_retraining
from models_registry.retraining_rules import locked_request, move, require_asking, said
from models_registry.states import RetrainingVerb


@transaction.atomic(durable=True)
def clear_retraining(
    request: RetrainingRequest, *, has_begun: bool, comment: str, by: User
) -> RetrainingRequest:
    """Say that it was begun, and wait for its version; or that it was not, and have it called again.

    Raises:
        NotPermitted: with neither ``register_artifact`` nor ``manage_project``.
        NotNow: nobody doubts it.
        InvalidInput: there is no comment, or it is too long.
    """
    row = locked_request(request.pk)
    require_asking(by, row.model.registry.project)
    comment = said("comment", comment, what="Say what you saw in the tool.")
    if has_begun:
        move(row, RetrainingVerb.TRIGGER)
        row.triggered_at, row.sentence = (
            row.called_at,
            "Somebody saw in the tool that it was begun.",
        )
    else:
        move(row, RetrainingVerb.CALL_AGAIN)
        row.called_at, row.sentence = None, "Somebody saw in the tool that it was not begun."
    row.tries, row.try_at = 0, timezone.now()
    row.save()
    record(
        RetrainingEvent.CLEARED,
        subject=row,
        by=by,
        private={"comment": comment},
        verdict="was begun" if has_begun else "was not begun",
    )
    nudge_retraining(row.pk)
    return row
