"""Give the newest checkpoint to every place that is set up."""

import hashlib
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils.module_loading import import_string

from audit.completeness.alarms import lift_alarm, raise_alarm
from audit.completeness.models import AlarmKind
from audit.fallbacks.git import commit_checkpoint
from audit.fallbacks.mail import mail_checkpoint
from audit.fallbacks.port import AppendOnlyStore, NotKept
from audit.models import Checkpoint as Signed
from audit.models import Tree
from audit.sealing import note_of
from audit.tlog.checkpoints import Checkpoint
from audit.witness.cosigning import newest_checkpoint

log = logging.getLogger("gatehouse.fallbacks")

# An alarm is an entry for ever. What Git and mail servers say may hold addresses of people.
_TOLD: Final = {
    "git": "The Git repository does not keep checkpoints. The worker's log says why.",
    "mail": "No mail server takes checkpoints for those who keep them. The worker's log says why.",
}


def hand_out() -> list[str]:
    """Give it to the Git repository and the store; return what went wrong, one sentence for each.

    A place that does not keep it is an alarm until it does, and keeps the others from nothing.
    """
    return _to_each(_BY_HAND)


def mail_out() -> list[str]:
    """Send it by mail; return what went wrong."""
    return _to_each(_BY_MAIL)


def _to_each(places: Mapping[str, Callable[[Signed, bytes], None]]) -> list[str]:
    signed = newest_checkpoint(Tree.objects.get())
    if signed is None:
        return []
    note, troubles = bytes(note_of(signed)), []
    for name, give in places.items():
        try:
            give(signed, note)
        except NotKept as trouble:
            log.warning("%s", trouble)
            raise_alarm(AlarmKind.UNKEPT, _TOLD.get(name, str(trouble)), about=name)
            troubles.append(str(trouble))
        else:
            lift_alarm(AlarmKind.UNKEPT, "Checkpoints are kept there again.", about=name)
    return troubles


def _to_git(signed: Signed, note: bytes) -> None:
    if settings.CHECKPOINT_GIT_DIRECTORY:
        place = Path(settings.CHECKPOINT_GIT_DIRECTORY)
        commit_checkpoint(place, signed.origin, signed.size, note)


def _to_store(signed: Signed, _note: bytes) -> None:
    if settings.CHECKPOINT_STORE_PLACE:
        log_name = hashlib.sha256(signed.origin.encode()).hexdigest()[:16]
        # As it was signed, without cosignatures, which may still be added: the same name, the same bytes.
        _store().put(f"{log_name}/{signed.size:020d}", signed.note.encode())


def _store() -> AppendOnlyStore:
    """Return the store; its module is loaded only here, with the client library that it may need."""
    try:
        made: type[AppendOnlyStore] = import_string(settings.CHECKPOINT_STORE)
    except ImportError as error:
        raise NotKept(f"CHECKPOINT_STORE names no store: {error}.") from error
    return made(settings.CHECKPOINT_STORE_PLACE)


def _by_mail(signed: Signed, note: bytes) -> None:
    if settings.CHECKPOINT_MAIL_TO:
        checkpoint = Checkpoint(signed.origin, signed.size, bytes(signed.root))
        mail_checkpoint(settings.CHECKPOINT_MAIL_TO, checkpoint, note)


_BY_HAND: Final = {"git": _to_git, "store": _to_store}
_BY_MAIL: Final = {"mail": _by_mail}
