"""Change where a destination is or what it gets."""

from typing import Any

from django.db import transaction

from audit.record import record
from audit.streaming.actions.holding import held
from audit.streaming.actions.naming import facts_of, refuse_taken
from audit.streaming.events import StreamEvent
from audit.streaming.models import CONFIGURED, Destination
from audit.streaming.rule import ensure_may_stream
from audit.streaming.wanted import Wanted


@transaction.atomic(durable=True)
def change_destination(pk: int, changes: dict[str, Any], *, by: Any) -> Destination:
    """Change some fields; the cursor stays, and the destination is tried at once.

    Raises:
        StreamingNotAllowed: the account does not administer the portal.
        StreamingRefused: the set-up would make no sense, or its name is taken.
        StreamingWrongMoment: the destination is gone.
    """
    destination = held(pk)
    ensure_may_stream(by)
    before = Wanted.of(destination)
    after = before.with_changes(changes).checked()
    refuse_taken(after, but=destination.pk)
    changed = [name for name in CONFIGURED if before.values[name] != after.values[name]]
    if not changed:
        return destination
    facts = facts_of(destination)
    for name in changed:
        setattr(destination, name, after.values[name])
    destination.failures, destination.tries, destination.trouble = 0, 0, ""
    destination.not_before = destination.sending_until = None
    destination.save(
        update_fields=[*changed, "failures", "tries", "trouble", "not_before", "sending_until"]
    )
    record(
        StreamEvent.CHANGED,
        subject=destination,
        by=by,
        changed=", ".join(changed),
        before=facts,
        after=facts_of(destination),
    )
    return destination
