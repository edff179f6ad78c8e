"""Tiles (c2sp.org/tlog-tiles): the tree and its entries as static files, 256 to a file.

A hash tile of level L and index n holds the hashes of the perfect subtrees of height 8·L with the indexes
256·n … 256·n+255; an entry bundle holds the entries themselves. The last of each level may be partial.
"""

import re
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from audit.tlog.errors import Malformed
from audit.tlog.merkle import HASH_SIZE, Frontier, fold, root_of

WIDTH: Final = 256
HEIGHT: Final = 8
LARGEST_ENTRY: Final = 0xFFFF
ENTRIES: Final = "entries"
_LENGTH: Final = struct.Struct(">H")
_PATH: Final = re.compile(
    r"tile/(?P<level>entries|[0-9]|[1-5][0-9]|6[0-3])/"
    r"(?P<index>(?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)


@dataclass(frozen=True)
class Tile:
    """The name of a tile. ``level`` is None for a bundle of entries; ``width`` is 256 when it is full."""

    level: int | None
    index: int
    width: int = WIDTH

    @property
    def is_full(self) -> bool:
        """Whether it will not grow any more."""
        return self.width == WIDTH

    @property
    def path(self) -> str:
        """Its path below the log's prefix, such as ``tile/0/x001/234.p/7``."""
        groups = [f"{self.index % 1000:03d}"]
        rest = self.index // 1000
        while rest:
            groups.insert(0, f"x{rest % 1000:03d}")
            rest //= 1000
        level = ENTRIES if self.level is None else str(self.level)
        partial = "" if self.is_full else f".p/{self.width}"
        return f"tile/{level}/{'/'.join(groups)}{partial}"

    @classmethod
    def of_path(cls, path: str) -> "Tile":
        """Read a path.

        Raises:
            Malformed: it is not the one path of a tile.
        """
        found = _PATH.fullmatch(path)
        if found is None:
            raise Malformed(f"{path!r:.80} is no path of a tile.")
        level = None if found["level"] == ENTRIES else int(found["level"])
        index = int(found["index"].replace("x", "").replace("/", ""))
        tile = cls(level, index, int(found["width"] or WIDTH))
        if tile.path != path:
            raise Malformed(f"{path!r:.80} is no path of a tile.")
        return tile


def tiles_of(size: int, *, start: int = 0) -> Iterator[Tile]:
    """Yield every hash tile and bundle of a tree, without the full ones that one of size ``start`` had."""
    yield from _of_level(None, start, size)
    level = 0
    while size:
        yield from _of_level(level, start, size)
        start, size, level = start // WIDTH, size // WIDTH, level + 1


def _of_level(level: int | None, start: int, size: int) -> Iterator[Tile]:
    for index in range(start // WIDTH, size // WIDTH):
        yield Tile(level, index)
    if size % WIDTH:
        yield Tile(level, size // WIDTH, size % WIDTH)


def encode_bundle(entries: Iterable[bytes]) -> bytes:
    """Return the entries, each after its length in two bytes.

    Raises:
        ValueError: one is longer than 65,535 bytes.
    """
    parts: list[bytes] = []
    for entry in entries:
        if len(entry) > LARGEST_ENTRY:
            raise ValueError(f"An entry of {len(entry)} bytes does not fit into a bundle.")
        parts += (_LENGTH.pack(len(entry)), entry)
    return b"".join(parts)


def decode_bundle(data: bytes) -> list[bytes]:
    """Return the entries of a bundle.

    Raises:
        Malformed: it is cut short, or holds more than 256.
    """
    entries, at = [], 0
    while at < len(data):
        if at + _LENGTH.size > len(data):
            raise Malformed("The bundle of entries is cut short.")
        (length,) = _LENGTH.unpack_from(data, at)
        at += _LENGTH.size
        if at + length > len(data):
            raise Malformed("The bundle of entries is cut short.")
        entries.append(data[at : at + length])
        at += length
    if len(entries) > WIDTH:
        raise Malformed(f"A bundle holds at most {WIDTH} entries, and this one {len(entries)}.")
    return entries


def decode_hashes(data: bytes) -> list[bytes]:
    """Return the hashes of a tile.

    Raises:
        Malformed: it is not made of 1 to 256 whole hashes.
    """
    if not data or len(data) % HASH_SIZE or len(data) > WIDTH * HASH_SIZE:
        raise Malformed(f"A tile of {len(data)} bytes is not made of 1 to {WIDTH} hashes.")
    return [data[at : at + HASH_SIZE] for at in range(0, len(data), HASH_SIZE)]


class Edge:
    """The partial tiles of a growing tree: enough to go on writing tiles without reading any.

    ``levels[L]`` are the hashes of the partial tile of level L, at most 255. They determine the root.
    """

    def __init__(self, size: int = 0, levels: Iterable[Sequence[bytes]] = ()) -> None:
        """Take up a state that was kept.

        Raises:
            ValueError: a level has not the width that the size implies.
        """
        self.size = size
        self.levels = [list(level) for level in levels]
        if [len(level) for level in self.levels] != _widths(size):
            raise ValueError(f"These are not the partial tiles of a tree of size {size}.")

    def copy(self) -> "Edge":
        """Return one that grows on its own."""
        return Edge(self.size, self.levels)

    def extend(self, leaves: Iterable[bytes]) -> Iterator[tuple[Tile, bytes]]:
        """Append leaf hashes; yield each tile that became full. Exhaust it, or not all is appended."""
        for leaf in leaves:
            self.size += 1
            node, level = leaf, 0
            while True:
                if level == len(self.levels):
                    self.levels.append([])
                self.levels[level].append(node)
                if len(self.levels[level]) < WIDTH:
                    break
                full, self.levels[level] = self.levels[level], []
                yield Tile(level, (self.size >> HEIGHT * (level + 1)) - 1), b"".join(full)
                node, level = root_of(full), level + 1

    def partial_tiles(self) -> Iterator[tuple[Tile, bytes]]:
        """Yield the partial tile of each level that has one."""
        for level, hashes in enumerate(self.levels):
            if hashes:
                index = self.size >> HEIGHT * (level + 1)
                yield Tile(level, index, len(hashes)), b"".join(hashes)

    def root(self) -> bytes:
        """Return the root of the tree as it is."""
        return fold([node for level in reversed(self.levels) for node in _frontier(level)])


def _widths(size: int) -> list[int]:
    widths = []
    while size:
        widths.append(size % WIDTH)
        size //= WIDTH
    return widths


def _frontier(hashes: Sequence[bytes]) -> list[bytes]:
    frontier = Frontier()
    frontier.extend(hashes)
    return frontier.hashes


class TileNodes:
    """The perfect subtrees of a tree, read from its tiles; what ``merkle``'s proofs are made of."""

    def __init__(self, size: int, read: Callable[[Tile], bytes]) -> None:
        """Read tiles of a tree of that size.

        Args:
            size: of the tree, at most that of the newest checkpoint.
            read: returns a tile's bytes, or raises; may return more than the partial width.
        """
        self._size = size
        self._read = read
        self._seen: dict[Tile, list[bytes]] = {}

    def __call__(self, height: int, index: int) -> bytes:
        """Return the hash of a perfect subtree.

        Raises:
            Malformed: a tile holds less than its name says.
        """
        level, above = divmod(height, HEIGHT)
        first = index << above
        hashes = self._tile(level, first // WIDTH)
        at = first % WIDTH
        return root_of(hashes[at : at + (1 << above)])

    def _tile(self, level: int, index: int) -> list[bytes]:
        whole = self._size >> HEIGHT * level
        tile = Tile(level, index, min(WIDTH, whole - index * WIDTH))
        if tile not in self._seen:
            hashes = decode_hashes(self._read(tile))
            if len(hashes) < tile.width:
                raise Malformed(f"The tile {tile.path} holds {len(hashes)} hashes only.")
            self._seen[tile] = hashes
        return self._seen[tile]
