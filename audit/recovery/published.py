"""What the signer remembers and published: the truth that a recovery goes by."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from audit.publishing.places import CHECKPOINT, directory_of
from audit.publishing.reader import LogFiles
from audit.recovery.errors import CannotRecover
from audit.signer.signing import Signer
from audit.signer.state import State
from audit.tlog.checkpoints import Checkpoint
from audit.tlog.errors import TlogError
from audit.tlog.merkle import Frontier, leaf_hash
from audit.tlog.notes import Note, open_checkpoint
from audit.tlog.tiles import WIDTH, Tile, decode_bundle, decode_hashes


@dataclass(frozen=True)
class Published:
    """The log that the signer vouched for.

    Attributes:
        state: the signer's memory.
        incarnation: which log of its name it is, counted from 1.
        files: its tiles.
    """

    state: State
    incarnation: int
    files: LogFiles

    @property
    def size(self) -> int:
        """How many entries were signed."""
        return self.state.size

    def note(self) -> Note | None:
        """Return the published checkpoint if it is over the remembered tree and signed by its keys."""
        try:
            raw = (self.files.directory / CHECKPOINT).read_bytes()
            checkpoint, _, note = open_checkpoint(raw, [use.key for use in self.state.keys])
        except (OSError, TlogError):
            return None
        return note if checkpoint == self.state.checkpoint else None

    def leaf_hashes(self) -> Iterator[list[bytes]]:
        """Yield the hashes of the level-0 tiles.

        Raises:
            CannotRecover: one is missing or torn.
        """
        for tile in self._tiles(0):
            try:
                hashes = decode_hashes(self.files.read(tile))[: tile.width]
            except (OSError, TlogError) as error:
                raise CannotRecover(
                    f"The published tile {tile.path} cannot be read: {error}"
                ) from error
            if len(hashes) < tile.width:
                raise CannotRecover(f"The published tile {tile.path} is cut short.")
            yield hashes

    def require_tiles(self) -> None:
        """Check that the tiles lead to the root that the signer remembers.

        Raises:
            CannotRecover: they do not.
        """
        frontier = Frontier()
        for hashes in self.leaf_hashes():
            frontier.extend(hashes)
        if Checkpoint(self.state.origin, frontier.size, frontier.root()) != self.state.checkpoint:
            raise CannotRecover(
                f"The published tiles do not lead to the root of the {self.size} entries that were signed."
            )

    def entries(self, first: int) -> Iterator[tuple[int, bytes]]:
        """Yield the entries from an index on, each compared with its leaf hash.

        Raises:
            CannotRecover: one is missing, or is not what was signed.
        """
        for tile in self._tiles(None, first // WIDTH):
            try:
                found = decode_bundle(self.files.read(tile))
                hashes = decode_hashes(self.files.read(Tile(0, tile.index, tile.width)))
            except (OSError, TlogError) as error:
                raise CannotRecover(f"The published {tile.path} cannot be read: {error}") from error
            start = tile.index * WIDTH
            for at in range(max(0, first - start), tile.width):
                if at >= len(found) or leaf_hash(found[at]) != hashes[at]:
                    raise CannotRecover(
                        f"The published entry {start + at} is not the one that was signed."
                    )
                yield start + at, found[at]

    def _tiles(self, level: int | None, first: int = 0) -> Iterator[Tile]:
        for index in range(first, -(-self.size // WIDTH)):
            yield Tile(level, index, min(WIDTH, self.size - index * WIDTH))


def published_by(signer: Signer) -> Published:
    """Return what a signer remembers.

    Raises:
        CannotRecover: it remembers nothing, or its memory cannot be used.
        CannotSign: likewise, in its own words.
    """
    state = State.load(signer.state_file)
    if state is None:
        raise CannotRecover(
            f"The signer has no memory at {signer.state_file}: nothing was ever signed."
        )
    incarnation = incarnation_of(state.origin, signer.key_file.name)
    return Published(state, incarnation, LogFiles(directory_of(Path(signer.log_root), incarnation)))


def incarnation_of(origin: str, name: str) -> int:
    """Return which log ``origin`` is where the first one is called ``name``.

    Raises:
        CannotRecover: it is none of them.
    """
    if origin == name:
        return 1
    number = origin.removeprefix(f"{name}/")
    if number == origin or not number.isdecimal():
        raise CannotRecover(
            f"The signer's key is for the log {name}, and its memory is of {origin}."
        )
    return int(number)
