"""From the tree that was signed to the one that the database holds now, by way of the entries themselves."""

import json
from pathlib import Path
from typing import Any, Final

from audit.publishing.store import Staging, remove_outgrown
from audit.signer.database import Connection, Head, entries
from audit.signer.errors import Refused
from audit.signer.state import State
from audit.tlog.keys import VerifierKey
from audit.tlog.merkle import HASH_SIZE, leaf_hash
from audit.tlog.tiles import WIDTH, Edge, Tile, encode_bundle, tiles_of

_ROTATED: Final = "audit.key_rotated"


class Growth:
    """Recomputes the leaves from the entries, and writes the tiles aside while it goes along."""

    def __init__(self, state: State, head: Head, directory: Path) -> None:
        """Grow from what was signed to what the database says."""
        self._state = state
        self._head = head
        self._directory = directory
        self._edge: Edge = state.edge.copy()
        # The last bundle is written anew, longer, so its entries are read again.
        self._next = state.size - state.size % WIDTH
        self._signed = list(state.edge.levels[0]) if state.edge.levels else []
        self._bundle: list[bytes] = []
        self._bundle_index = self._next // WIDTH
        self._full: list[Tile] = []
        self._announced: list[str] = []

    def grown(self, connection: Connection) -> State:
        """Publish the tiles of the larger tree, and return the memory of it, which is not yet saved.

        Raises:
            Refused: the entries are others than those that were signed, or do not lead to the root.
            OSError: the tiles could not be written.
            psycopg.Error: the entries could not be read.
        """
        staging = Staging(self._directory)
        try:
            for chunk in entries(connection, self._next, self._head.size):
                self._take([idx for idx, _ in chunk], [entry for _, entry in chunk], staging)
            self._require_the_same_root()
            for tile, data in self._edge.partial_tiles():
                staging.add(tile, data)
            if self._bundle:
                self._stage_bundle(staging)
            staging.publish()
        finally:
            staging.discard()
        remove_outgrown(self._directory, self._full)
        announced = dict.fromkeys((*self._state.announced, *self._announced))
        return State(self._state.origin, self._edge, self._state.keys, tuple(announced))

    def _take(self, indexes: list[int], found: list[bytes], staging: Staging) -> None:
        if indexes != list(range(self._next, self._next + len(indexes))):
            raise Refused(
                f"A leaf or its entry is missing from the database at {self._next} or after."
            )
        leaves = [leaf_hash(entry) for entry in found]
        again = max(0, self._state.size - self._next)
        at = self._next % WIDTH
        if leaves[:again] != self._signed[at : at + again]:
            raise Refused(
                f"Among the entries {self._next} to {self._state.size - 1} of {self._state.origin} one is "
                "another than the one that was signed."
            )
        self._next += len(indexes)
        for tile, data in self._edge.extend(leaves[again:]):
            self._stage(tile, data, staging)
        for entry in found:
            self._bundle.append(entry)
            if len(self._bundle) == WIDTH:
                self._stage_bundle(staging)
        self._announced += [key for entry in found[again:] if (key := announced_key(entry))]

    def _stage_bundle(self, staging: Staging) -> None:
        tile = Tile(None, self._bundle_index, len(self._bundle))
        self._stage(tile, encode_bundle(self._bundle), staging)
        self._bundle, self._bundle_index = [], self._bundle_index + 1

    def _stage(self, tile: Tile, data: bytes, staging: Staging) -> None:
        staging.add(tile, data)
        if tile.is_full:
            self._full.append(tile)

    def _require_the_same_root(self) -> None:
        grown = (self._edge.size, self._edge.root())
        if grown != (self._head.size, self._head.root):
            raise Refused(
                f"The entries of {self._state.origin} in the database do not lead to the root that its tree "
                f"of {self._head.size} says: entries or leaves were changed after they were sequenced."
            )


def publish_anew(connection: Connection, state: State, incarnation: int, directory: Path) -> bool:
    """Write every tile of the signed tree again if one is missing or torn; return whether one was.

    Raises:
        Refused: the entries of the database do not lead to the signed root.
        OSError: the tiles could not be written.
        psycopg.Error: the entries could not be read.
    """
    if all(_is_there(directory, tile) for tile in tiles_of(state.size)):
        return False
    signed = Head(state.origin, incarnation, state.size, state.edge.root())
    Growth(State(state.origin, Edge()), signed, directory).grown(connection)
    return True


def _is_there(directory: Path, tile: Tile) -> bool:
    """Whether a tile is published and has its length; a bundle, of which nobody knows that, its least."""
    try:
        length = (directory / tile.path).stat().st_size
    except (FileNotFoundError, NotADirectoryError):
        return False
    if tile.level is None:
        return length > 2 * tile.width
    return length == HASH_SIZE * tile.width


def announced_key(entry: bytes) -> str | None:
    """Return the verifier key that an entry announces; None if it announces none that could sign."""
    if _ROTATED.encode() not in entry:
        return None
    try:
        body: dict[str, Any] = json.loads(entry)["body"]
        return str(VerifierKey.of(body["data"]["vkey"])) if body["type"] == _ROTATED else None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        # Whoever has the application's sign-in can write such an entry; it must not stop the signer.
        return None
