"""Logs on paper: entries, tiles, checkpoints and proofs made without a database."""

import json
import uuid
from functools import partial

from audit.tlog.checkpoints import Checkpoint
from audit.tlog.keys import SigningKey
from audit.tlog.merkle import Frontier, inclusion_path, leaf_hash
from audit.tlog.notes import sign_checkpoint
from audit.tlog.proofs import InclusionProof
from audit.tlog.tiles import WIDTH, Edge, Tile, TileNodes, encode_bundle

ORIGIN = "paper.example/log"


def entry(number, *, stream=None, seq=None, kind="tests.happened"):
    """An entry as the database composes it."""
    body = {"actor": {"id": "usr_1", "kind": "person"}, "data": {}, "type": kind}
    whole = {
        "at": f"2026-11-20T12:{number // 60 % 60:02d}:{number % 60:02d}.000000Z",
        "body": body,
        "db": "gatehouse_app",
        "id": str(uuid.UUID(int=number)),
        "s": stream or f"thing/{number % 7}",
        "seq": seq or number // 7 + 1,
        "v": 1,
    }
    return json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


class PaperLog:
    """A log whose first entries may be published into a directory at any size."""

    def __init__(self, entries, key=None):
        self.entries = list(entries)
        self.key = key or SigningKey.generate(ORIGIN)
        self.leaves = [leaf_hash(each) for each in self.entries]

    @property
    def vkey(self):
        return str(self.key.verifier)

    def checkpoint(self, size=None, *more_keys, at=0):
        size = len(self.entries) if size is None else size
        frontier = Frontier()
        frontier.extend(self.leaves[:size])
        signed = sign_checkpoint(
            Checkpoint(self.key.verifier.name, size, frontier.root()), [self.key, *more_keys], at=at
        )
        return bytes(signed)

    def publish(self, folder, size=None, *more_keys):
        size = len(self.entries) if size is None else size
        edge = Edge()
        for tile, data in edge.extend(self.leaves[:size]):
            self._write(folder, tile, data)
        for tile, data in edge.partial_tiles():
            self._write(folder, tile, data)
        for at in range(0, size, WIDTH):
            some = self.entries[at : min(at + WIDTH, size)]
            self._write(folder, Tile(None, at // WIDTH, len(some)), encode_bundle(some))
        (folder / "checkpoint").write_bytes(self.checkpoint(size, *more_keys))
        return folder

    @staticmethod
    def _write(folder, tile, data):
        path = folder / tile.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def proof(self, index, folder):
        size = len(self.entries)
        nodes = TileNodes(size, partial(_read, folder))
        path = tuple(inclusion_path(index, size, nodes))
        return bytes(InclusionProof(index, path, self.checkpoint()))


def _read(folder, tile):
    return (folder / tile.path).read_bytes()
