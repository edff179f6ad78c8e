"""A directory that only gains files: on a share that is snapshotted, or a file system that cannot forget."""

import os
from pathlib import Path

from audit.fallbacks.port import NotKept


class AppendOnlyDirectory:
    """Files are created, never replaced, and are on the disk when ``put`` returns."""

    def __init__(self, place: str) -> None:
        """Use the directory ``place``, which somebody else must have made."""
        self._root = Path(place)

    def put(self, name: str, content: bytes) -> None:
        """Create the file; the same content again is nothing new.

        Raises:
            NotKept: it cannot be written, or another content is there.
        """
        file = self._root / name
        try:
            if not self._root.is_dir():
                raise NotKept(f"The directory {self._root} for checkpoints is missing.")
            file.parent.mkdir(parents=True, exist_ok=True)
            self._create(file, content)
        except OSError as error:
            raise NotKept(f"{file} cannot be written: {error.strerror}.") from error

    def _create(self, file: Path, content: bytes) -> None:
        unfinished = file.with_name(f".{file.name}.{os.getpid()}")
        try:
            with unfinished.open("wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            unfinished.chmod(0o444)
            # Unlike a rename, a link never takes the place of what is there.
            file.hardlink_to(unfinished)
        except FileExistsError:
            if file.read_bytes() != content:
                raise NotKept(f"{file} holds another checkpoint of the same size.") from None
        finally:
            unfinished.unlink(missing_ok=True)
