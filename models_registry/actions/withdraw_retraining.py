"""A retraining request is withdrawn."""

from django.db import transaction

from audit.record import record
from catalog.models import User
from catalog.permissions import Permission, require
from models_registry.audit_events import RetrainingEvent
from models_registry.models import RetrainingRequest
from models_registry.retraining_rules import locked_request, move, said
from models_registry.states import RetrainingVerb


@transaction.atomic(durable=True)
def withdraw_retraining(request: RetrainingRequest, *, comment: str, by: User) -> RetrainingRequest:
    """Want it no more. What the tool has begun goes on there; its version is not linked.

    Raises:
        NotPermitted: it is somebody else's, and without ``manage_project``.
        NotNow: it has ended.
        InvalidInput: there is no comment, or it is too long.
    """
    row = locked_request(request.pk)
    is_own = row.requested_by_id == by.pk
    needed = Permission.VIEW_PROJECT if is_own else Permission.MANAGE_PROJECT
    require(needed, by, row.model.registry.project)
    comment = said("comment", comment, what="Say why it is not wanted any more.")
    move(row, RetrainingVerb.WITHDRAW)
    row.sentence = "It was withdrawn." + (
        " What was begun in the tool goes on there." if row.called_at else ""
    )
    row.save()
    record(
        RetrainingEvent.WITHDRAWN,
        subject=row,
        by=by,
        private={"comment": comment},
        may_go_on=row.called_at is not None,
    )
    return row
