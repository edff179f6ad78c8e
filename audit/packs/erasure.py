"""What an erasure means for packs: what somebody wrote when they asked for one, and files that name them."""

import zipfile
from typing import IO, Any, Final

from django.core.files.storage import storages

from audit.packs.models import Pack, PackState
from audit.privacy.erasers import Erased

_CHUNK: Final = 1 << 20


def erase(person: Any) -> Erased:
    """Erase the purposes for which the person asked for packs."""
    written = 0
    for pack in Pack.objects.filter(requested_by=person):
        if pack.scope.get("purpose"):
            Pack.objects.filter(pk=pack.pk).update(scope=pack.scope | {"purpose": ""})
            written += 1
    return Erased({"purposes": written})


def naming(subject: str) -> list[int]:
    """Return the packs that are kept and name the person: the pseudonym stands wherever the name does."""
    found = []
    for pack in Pack.objects.filter(state=PackState.READY, removed_at=None).order_by("pk"):
        try:
            with storages["packs"].open(pack.stored_name) as stream:
                if _names(stream, subject.encode()):
                    found.append(pack.pk)
        except FileNotFoundError:
            continue
    return found


def remove_file(pack: Pack) -> None:
    """Remove a pack's file; the pack stays on record, and can be asked for again. Twice is no harm."""
    if pack.sha256 and storages["packs"].exists(pack.stored_name):
        storages["packs"].delete(pack.stored_name)


def remove_files_of_removed_packs() -> None:
    """Remove the files of packs that are marked; what a run left that died in between, too."""
    for pack in Pack.objects.filter(removed_at__isnull=False).order_by("pk"):
        remove_file(pack)


def _names(stream: IO[bytes], word: bytes) -> bool:
    with zipfile.ZipFile(stream) as archive:
        return any(_occurs(archive, member, word) for member in archive.infolist())


def _occurs(archive: zipfile.ZipFile, member: zipfile.ZipInfo, word: bytes) -> bool:
    with archive.open(member) as content:
        tail = b""
        while chunk := content.read(_CHUNK):
            if word in tail + chunk:
                return True
            tail = chunk[-len(word) :]
    return False
