"""Where raw evidence lies: files named by the hash of their content."""

import hashlib
import os
import tempfile
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

import structlog
from django.core.files import File
from django.core.files.storage import FileSystemStorage, storages

from releases.errors import EvidenceLost, EvidenceNotKept

log = structlog.get_logger(__name__)

_CHUNK = 1024 * 1024


class DurableFileSystemStorage(FileSystemStorage):
    """A file appears whole or not at all: written aside, flushed to disk, then renamed."""

    def _save(self, name: str, content: "File[Any]") -> str:
        path = Path(self.path(name))
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, aside = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
        try:
            with os.fdopen(handle, "wb") as out:
                for chunk in content.chunks():
                    out.write(chunk)
                out.flush()
                os.fsync(out.fileno())
                if self.file_permissions_mode is not None:
                    os.fchmod(out.fileno(), self.file_permissions_mode)
            Path(aside).replace(path)
        except BaseException:  # also when the worker is told to stop: no half file stays
            Path(aside).unlink(missing_ok=True)
            raise
        return name


def name_of(sha256: str) -> str:
    """Return the file name of this content."""
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"


def hash_of(stream: BinaryIO) -> tuple[str, int]:
    """Return the SHA-256 (hexadecimal) and the size in bytes, read in chunks; rewinds the stream."""
    digest = hashlib.sha256()
    size = 0
    stream.seek(0)
    while chunk := stream.read(_CHUNK):
        digest.update(chunk)
        size += len(chunk)
    stream.seek(0)
    return digest.hexdigest(), size


def keep(stream: BinaryIO, sha256: str) -> None:
    """Store the bytes under their hash, unless they are there already.

    Raises:
        EvidenceNotKept: the disk refused; nothing half-written is left under the name.
    """
    store = storages["evidence"]
    name = name_of(sha256)
    try:
        if _is_whole(sha256):
            return
        store.delete(name)
        stream.seek(0)
        store.save(name, File(stream))
    except OSError as error:
        log.exception("evidence_not_kept", sha256=sha256)
        raise EvidenceNotKept(
            f"The report could not be kept: {error.strerror or 'the disk refused'}. Nothing was "
            "recorded; send it again when the operator has made room."
        ) from error


def open_bytes(sha256: str) -> IO[bytes]:
    """Open the raw bytes for reading, once they are known to be the ones that were recorded.

    Raises:
        EvidenceLost: they are not there any more, or are others.
    """
    if not _is_whole(sha256):
        log.error("evidence_lost", sha256=sha256)
        raise EvidenceLost(
            f"The store no longer has the report with the SHA-256 {sha256}. Its facts and this hash stay "
            "on record; an operator can restore the file from a backup, or send the report again."
        )
    return storages["evidence"].open(name_of(sha256), "rb")


def _is_whole(sha256: str) -> bool:
    """Return whether the store has these very bytes: a hash costs less than a false proof."""
    try:
        with storages["evidence"].open(name_of(sha256), "rb") as kept:
            return hash_of(cast("BinaryIO", kept))[0] == sha256
    except (FileNotFoundError, NotADirectoryError):
        return False
