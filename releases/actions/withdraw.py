"""Withdraw a change request before it begins."""

from django.db import transaction

from catalog.models import User
from catalog.permissions import Permission, require
from releases.audit_events import ReleaseEvent
from releases.locking import lock_change_request
from releases.models import ChangeRequest
from releases.progress import move
from releases.signing import clean_comment
from releases.states import Verb


@transaction.atomic(durable=True)
def withdraw(number: int, *, comment: str = "", by: User) -> ChangeRequest:
    """Take the change request back.

    Raises:
        NotPermitted: ``by`` neither asked for it nor may stop deployments here.
        IllegalTransition: it has begun or ended.
    """
    change_request = lock_change_request(number)
    if change_request.requested_by_id != by.pk:
        require(Permission.DEPLOY, by, change_request.environment)
    comment = clean_comment(comment)
    move(
        change_request,
        Verb.WITHDRAW,
        ReleaseEvent.WITHDRAWN,
        by=by,
        private={"comment": comment},
    )
    return change_request
