"""Announce in the log that a further key will sign it."""

from django.db import transaction

from audit.audit_events import AuditEvent
from audit.errors import NotRecordable
from audit.itself import TheLog
from audit.record import Actor, Receipt, record
from audit.tlog.errors import Malformed
from audit.tlog.keys import VerifierKey


@transaction.atomic(durable=True)
def announce_key(vkey: str, *, by: Actor) -> Receipt:
    """Record a verifier key. The signer signs with its secret half from the next checkpoint on.

    The former key signs that checkpoint too, which is what makes the announcement the log's own word.

    Raises:
        NotRecordable: it is no verifier key.
    """
    try:
        key = VerifierKey.of(vkey)
    except Malformed as error:
        raise NotRecordable(f"This is no verifier key: {error}") from error
    return record(
        AuditEvent.KEY_ROTATED,
        subject=TheLog(),
        by=by,
        vkey=str(key),
        name=key.name,
        key_id=key.key_id.hex(),
    )
