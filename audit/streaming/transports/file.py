"""Append to a file of JSON lines; it is acknowledged when the disk has it.

The file is opened by its name for every batch, so that it may be rotated at any moment, and is only ever
appended to. What a crash tore off is ended with a line's end and comes once more as a whole: a reader skips
the line that is no JSON.
"""

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from audit.streaming.errors import NotDelivered
from audit.streaming.models import Destination
from audit.streaming.reading import enclosed_record
from audit.streaming.records import Batch


class JsonLines:
    """Appends a batch, and the newest checkpoint as its last line."""

    most_records = 500
    most_bytes = 2 * 1024 * 1024

    def send(self, destination: Destination, batch: Batch) -> None:
        """Append it; see ``Transport``."""
        records = [*batch.records, *enclosed_record(batch, destination.format)]
        lines = b"".join(record.line + b"\n" for record in records)
        path = Path(settings.STREAMING_ROOT) / destination.file_name
        try:
            path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
            with _opened(path) as descriptor:
                _append(descriptor, lines)
            _sync_directory(path.parent)
        except OSError as error:
            raise NotDelivered(
                f"{destination.file_name} cannot be written: {error.strerror or error}."
            ) from error


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    # O_NOFOLLOW: whoever may write in the directory must not lead us elsewhere. O_NONBLOCK: nor let us wait.
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o640)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(f"{path.name} is no file")
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield descriptor
    finally:
        os.close(descriptor)


def _append(descriptor: int, lines: bytes) -> None:
    size = os.fstat(descriptor).st_size
    if size and os.pread(descriptor, 1, size - 1) != b"\n":
        lines = b"\n" + lines
    rest = memoryview(lines)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    os.fsync(descriptor)


def _sync_directory(directory: Path) -> None:
    """Let a file that was just created survive a crash."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
