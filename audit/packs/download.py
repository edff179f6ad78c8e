"""Give a pack to somebody; that they took it is an event."""

from typing import IO, Any

from django.core.files.storage import storages
from django.db import transaction

from audit.packs.errors import PackNotReady
from audit.packs.events import PackEvent
from audit.packs.models import Pack, PackState
from audit.packs.request import ensure_may_have
from audit.reach import reach_of
from audit.record import record


def download(pack: Pack, *, by: Any) -> IO[bytes]:
    """Record the download and return the ZIP, open for reading.

    Raises:
        PackNotAllowed: the account may not read what is in it.
        PackNotReady: it is not built, or its file was removed or is lost.
    """
    ensure_may_have(pack.wanted, reach_of(by))
    if pack.state != PackState.READY:
        raise PackNotReady(
            f"The {pack} is {pack.get_state_display().lower()}; there is no file yet."
        )
    if pack.removed_at:
        raise PackNotReady(
            f"The file of the {pack} was removed on {pack.removed_at:%d %B %Y}: somebody named in it was "
            "erased, or its time was over. Ask for the same pack again; it holds what may still be shown."
        )
    try:
        opened: IO[bytes] = storages["packs"].open(pack.stored_name, "rb")
    except FileNotFoundError as error:
        raise PackNotReady(
            f"The file of the {pack} is not there any more. Ask for the same pack again."
        ) from error
    _record(pack, by=by)
    return opened


@transaction.atomic(durable=True)
def _record(pack: Pack, *, by: Any) -> None:
    record(PackEvent.DOWNLOADED, subject=pack, by=by, sha256=pack.sha256, size=pack.size)
