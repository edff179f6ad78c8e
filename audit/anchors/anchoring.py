"""Have the newest checkpoint stamped once a day."""

from datetime import timedelta
from pathlib import Path
from typing import Final

import psycopg
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from audit.anchors.tokens import (
    QUERY_TYPE,
    RFC_3161,
    AnchorInvalid,
    Stamp,
    StampVerifier,
    request_for,
)
from audit.audit_events import AuditEvent
from audit.itself import TheLog, the_watcher
from audit.models import Anchor, Checkpoint, Tree
from audit.outgoing import post
from audit.record import record
from audit.times import in_utc
from audit.tlog.notes import Note
from audit.witness.cosigning import newest_checkpoint

EVERY: Final = timedelta(hours=24)
_OK: Final = 200
_ADD: Final = """
INSERT INTO audit_anchor (checkpoint_id, kind, authority, token) VALUES (%s, %s, %s, %s)
"""


def checkpoint_to_anchor(tree: Tree) -> Checkpoint | None:
    """Return the newest checkpoint if a stamp is due, None if the last one is young or nothing is new."""
    checkpoint = newest_checkpoint(tree)
    last = Anchor.objects.filter(checkpoint__origin=tree.origin).order_by("-pk").first()
    if checkpoint is None or last is None:
        return checkpoint
    is_due = timezone.now() - last.made_at >= EVERY and last.checkpoint_id != checkpoint.pk
    return checkpoint if is_due else None


def anchor(checkpoint: Checkpoint, *, signer_url: str) -> Stamp:
    """Get a stamp over the checkpoint's text, verify it and keep it.

    Args:
        checkpoint: what to stamp.
        signer_url: the database, as the role that may add anchors.

    Raises:
        AnchorInvalid: the authority did not answer with a stamp that holds.
        OutgoingError: it did not answer, or may not be called.
        psycopg.Error: the stamp could not be kept.
    """
    data = Note.of(checkpoint.note.encode()).text.encode()
    verifier = StampVerifier.of_file(Path(settings.TIMESTAMP_ROOTS_FILE))
    request = request_for(data)
    headers = {"content-type": QUERY_TYPE, "user-agent": "Gatehouse"}
    answer = post(settings.TIMESTAMP_URL, request.as_bytes(), headers)
    if answer.status != _OK:
        raise AnchorInvalid(f"The time-stamp authority answered {answer.status}.")
    stamp = verifier.verify(answer.content, data, request=request)
    with psycopg.connect(signer_url, connect_timeout=5) as signer:
        signer.execute(_ADD, [checkpoint.pk, RFC_3161, stamp.authority, answer.content])
    with transaction.atomic():
        record(
            AuditEvent.ANCHORED,
            subject=TheLog(),
            by=the_watcher(),
            authority=stamp.authority or settings.TIMESTAMP_URL,
            size=checkpoint.size,
            time=in_utc(stamp.time),
        )
    return stamp
