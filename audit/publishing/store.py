"""Writing files so that whoever reads, at any time and after any crash, sees the old or the new one whole."""

import contextlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from audit.tlog.tiles import Tile

_STAGED: Final = ".staged"


def write_whole(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Replace a file by a new one that is on the disk before it has the name.

    Raises:
        OSError: it could not; the old one is as it was.
    """
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        _write(unfinished, data, mode)
        unfinished.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        raise
    _sync_directory(path.parent)


def _write(path: Path, data: bytes, mode: int) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        with os.fdopen(handle, "wb", closefd=False) as file:
            file.write(data)
        os.fsync(handle)
    finally:
        os.close(handle)


def _sync_directory(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Staging:
    """Tiles that are written aside until it is known whether they shall be published."""

    def __init__(self, directory: Path) -> None:
        """Stage files for a log's directory. What an interrupted one left behind goes."""
        self._directory = directory
        self._aside = directory / _STAGED
        self._tiles: list[Tile] = []
        shutil.rmtree(self._aside, ignore_errors=True)
        self._aside.mkdir(parents=True)

    def add(self, tile: Tile, data: bytes) -> None:
        """Write a tile aside.

        Raises:
            OSError: the disk is full, or broken.
        """
        _write(self._aside / str(len(self._tiles)), data, 0o644)
        self._tiles.append(tile)

    def publish(self) -> None:
        """Give every file its place, and then make the places durable.

        Raises:
            OSError: some may have their place and others not; the same tiles may be published again.
        """
        touched: set[Path] = set()
        for number, tile in enumerate(self._tiles):
            place = self._directory / tile.path
            touched |= _make_directories(place.parent)
            (self._aside / str(number)).replace(place)
        for path in sorted(touched, reverse=True):
            _sync_directory(path)
        self.discard()

    def discard(self) -> None:
        """Forget what was not published."""
        shutil.rmtree(self._aside, ignore_errors=True)
        self._tiles = []


def _make_directories(path: Path) -> set[Path]:
    """Create a directory; return it, and those whose content that changed."""
    touched = {path}
    while not path.exists():
        path = path.parent
        touched.add(path)
    for each in sorted(touched):
        each.mkdir(exist_ok=True)
    return touched


def remove_outgrown(directory: Path, full: Iterable[Tile]) -> None:
    """Remove the partial versions of tiles that are full now; readers fall back to the full one."""
    for tile in full:
        shutil.rmtree(directory / f"{tile.path}.p", ignore_errors=True)
