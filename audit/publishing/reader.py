"""Reading the published files of a log."""

from dataclasses import dataclass
from pathlib import Path

from audit.publishing.places import CHECKPOINT
from audit.tlog.merkle import consistency_path, inclusion_path
from audit.tlog.tiles import WIDTH, Tile, TileNodes


@dataclass(frozen=True)
class LogFiles:
    """The log that is published in a directory."""

    directory: Path

    def checkpoint(self) -> bytes:
        """Return the newest signed checkpoint.

        Raises:
            FileNotFoundError: nothing is published.
        """
        return (self.directory / CHECKPOINT).read_bytes()

    def exact(self, tile: Tile) -> bytes:
        """Return the very file of a tile.

        Raises:
            FileNotFoundError: there is none.
        """
        return (self.directory / tile.path).read_bytes()

    def read(self, tile: Tile) -> bytes:
        """Return a tile that begins with this one: itself, or what it grew into.

        Raises:
            FileNotFoundError: there is none.
        """
        for path in (tile.path, Tile(tile.level, tile.index).path):
            try:
                return (self.directory / path).read_bytes()
            except (FileNotFoundError, NotADirectoryError):
                continue
        partials = self.directory / f"{Tile(tile.level, tile.index).path}.p"
        widths = (int(each.name) for each in partials.glob("[0-9]*"))
        wider = min((width for width in widths if tile.width <= width < WIDTH), default=None)
        if wider is None:
            raise FileNotFoundError(f"{tile.path} is not published.")
        return (partials / str(wider)).read_bytes()

    def inclusion_path(self, index: int, size: int) -> list[bytes]:
        """Return the hashes from a leaf to the root of the tree of that size.

        Raises:
            ValueError: there is no such leaf.
            OSError: a tile is not published.
        """
        return inclusion_path(index, size, TileNodes(size, self.read))

    def consistency_path(self, old: int, new: int) -> list[bytes]:
        """Return the hashes that lead from one tree to a larger one.

        Raises:
            ValueError: the sizes are not ``0 < old <= new``.
            OSError: a tile is not published.
        """
        return consistency_path(old, new, TileNodes(new, self.read))
