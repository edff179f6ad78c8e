"""The published files of the log: compared with what the database holds."""

from collections.abc import Sequence
from pathlib import Path

from audit.completeness.complaints import Complaints
from audit.publishing.reader import LogFiles
from audit.tlog.errors import Malformed
from audit.tlog.merkle import HASH_SIZE
from audit.tlog.tiles import WIDTH, Edge, Tile, decode_bundle, encode_bundle


class PublishedFiles:
    """Follows the tree as it is recomputed, and compares each tile and bundle with its file."""

    def __init__(self, directory: Path, size: int, complaints: Complaints) -> None:
        """Compare what lies below ``directory``, which holds a tree of ``size``."""
        self._files = LogFiles(directory)
        self.size = size
        self._complaints = complaints
        self._edge = Edge()
        self._bundle = 0
        self._entries: list[bytes] = []

    def follow(self, leaves: Sequence[bytes], entries: Sequence[bytes]) -> None:
        """Go on with these leaf hashes and their entries."""
        wanted = max(0, self.size - self._edge.size)
        for tile, data in self._edge.extend(leaves[:wanted]):
            self._compare(tile, data)
        for entry in entries[:wanted]:
            self._entries.append(entry)
            if len(self._entries) == WIDTH:
                self._compare_entries()
        if wanted and self._edge.size == self.size:
            self._compare_edge()

    def _compare_edge(self) -> None:
        for tile, data in self._edge.partial_tiles():
            self._compare(tile, data)
        if self._entries:
            self._compare_entries()

    def _compare(self, tile: Tile, data: bytes) -> None:
        published = self._read(tile)
        if published is None or published[: len(data)] == data:
            return
        at = next(
            (
                number
                for number in range(tile.width)
                if published[number * HASH_SIZE :][:HASH_SIZE]
                != data[number * HASH_SIZE :][:HASH_SIZE]
            ),
            tile.width,
        )
        first = tile.index * WIDTH + at
        what = f"leaf {first}" if tile.level == 0 else f"node {first} of level {tile.level}"
        self._complaints.add(
            "published tile", f"The published {tile.path} differs from the database at {what}."
        )

    def _compare_entries(self) -> None:
        entries, self._entries = self._entries, []
        tile = Tile(None, self._bundle, len(entries))
        self._bundle += 1
        published = self._read(tile)
        wanted = encode_bundle(entries)
        if published is None or published[: len(wanted)] == wanted:
            return
        try:
            said = decode_bundle(published)
        except Malformed:
            said = []
        at = next((n for n, entry in enumerate(entries) if said[n : n + 1] != [entry]), 0)
        self._complaints.add(
            "published entries",
            f"The published {tile.path} differs from the database at entry {tile.index * WIDTH + at}.",
        )

    def _read(self, tile: Tile) -> bytes | None:
        """Return the tile, or the longer one that it grew into while we read."""
        try:
            return self._files.read(tile)
        except OSError:
            self._complaints.add("unreadable", f"The published {tile.path} cannot be read.")
            return None
