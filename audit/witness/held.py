"""What a witness remembers, in files: for each log the last checkpoint that it cosigned.

A file is replaced at once and is on the disk before anybody is told, so that neither a crash nor a loss of
power makes a witness forget what it cosigned.
"""

import fcntl
import hashlib
import os
from pathlib import Path
from typing import Final

MOST_REFUSED: Final = 1000
"""Requests that are kept as proof of a log's misbehaviour; further ones would fill the disk."""


class StateInUse(Exception):
    """Another witness works in the directory."""


class Held:
    """The memory of one witness. One process at a time may have a directory."""

    def __init__(self, directory: Path) -> None:
        """Take possession of the directory, which is made if it is missing.

        Raises:
            StateInUse: somebody else has it.
            OSError: it cannot be written.
        """
        self._directory = directory
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = (directory / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._lock.close()
            raise StateInUse(f"Another witness works in {directory}.") from error

    def close(self) -> None:
        """Let go of the directory."""
        self._lock.close()

    def checkpoint(self, origin: str) -> bytes | None:
        """Return the last checkpoint of that log with our cosignatures on it, None before the first."""
        try:
            return self._file_of(origin).read_bytes()
        except FileNotFoundError:
            return None

    def keep(self, origin: str, checkpoint: bytes) -> None:
        """Replace what is held of a log. When this returns, it is on the disk.

        Raises:
            OSError: it is not; what was held before still is.
        """
        write_durably(self._file_of(origin), checkpoint)

    def keep_refused(self, checkpoint: str, request: bytes) -> None:
        """Keep a request that contradicts what is held: the log's own signature proves its fork.

        One for each checkpoint's text, which only the log can sign: whoever sends a published checkpoint
        with ever other proofs does not fill the directory.
        """
        directory = self._directory / "refused"
        directory.mkdir(mode=0o700, exist_ok=True)
        file = directory / hashlib.sha256(checkpoint.encode()).hexdigest()
        if not file.exists() and sum(1 for _ in directory.iterdir()) < MOST_REFUSED:
            write_durably(file, request)

    def _file_of(self, origin: str) -> Path:
        # The name of a log is a URL, and so no name of a file.
        return self._directory / f"{hashlib.sha256(origin.encode()).hexdigest()}.checkpoint"


def write_durably(file: Path, content: bytes) -> None:
    """Replace a file at once: temporary file, fsync, rename, fsync of the directory."""
    unfinished = file.with_name(f"{file.name}.unfinished")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    unfinished.replace(file)
    directory = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
