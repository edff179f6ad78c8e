"""Give the newest checkpoint to every place that is set up."""

import hashlib
import logging
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.utils.module_loading import import_string

from audit.fallbacks.git import commit_checkpoint
from audit.fallbacks.mail import mail_checkpoint
from audit.fallbacks.port import AppendOnlyStore, NotKept
from audit.models import Checkpoint as Signed
from audit.models import Tree
from audit.sealing import note_of
from audit.tlog.checkpoints import Checkpoint
from audit.witness.cosigning import newest_checkpoint

log = logging.getLogger("gatehouse.fallbacks")


def hand_out() -> list[str]:
    """Give it to the Git repository and the store; return what went wrong, one sentence for each."""
    return _to_each(_to_git, _to_store)


def mail_out() -> list[str]:
    """Send it by mail; return what went wrong."""
    return _to_each(_by_mail)


def _to_each(*places: Callable[[Signed, bytes], None]) -> list[str]:
    signed = newest_checkpoint(Tree.objects.get())
    if signed is None:
        return []
    note, troubles = bytes(note_of(signed)), []
    for give in places:
        try:
            give(signed, note)
        except NotKept as trouble:
            log.warning("%s", trouble)
            troubles.append(str(trouble))
    return troubles


def _to_git(signed: Signed, note: bytes) -> None:
    if settings.CHECKPOINT_GIT_DIRECTORY:
        place = Path(settings.CHECKPOINT_GIT_DIRECTORY)
        commit_checkpoint(place, signed.origin, signed.size, note)


def _to_store(signed: Signed, _note: bytes) -> None:
    if settings.CHECKPOINT_STORE_PLACE:
        made: type[AppendOnlyStore] = import_string(settings.CHECKPOINT_STORE)
        log_name = hashlib.sha256(signed.origin.encode()).hexdigest()[:16]
        # As it was signed, without cosignatures, which may still be added: the same name, the same bytes.
        made(settings.CHECKPOINT_STORE_PLACE).put(
            f"{log_name}/{signed.size:020d}", signed.note.encode()
        )


def _by_mail(signed: Signed, note: bytes) -> None:
    if settings.CHECKPOINT_MAIL_TO:
        checkpoint = Checkpoint(signed.origin, signed.size, bytes(signed.root))
        mail_checkpoint(settings.CHECKPOINT_MAIL_TO, checkpoint, note)
