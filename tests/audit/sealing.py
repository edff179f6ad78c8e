"""A log that is sealed, signed and published as the test says, with the test's own key."""

from pathlib import Path

import psycopg

from audit.publishing.places import CHECKPOINT, KEYS
from audit.tlog.checkpoints import Checkpoint
from audit.tlog.keys import SigningKey
from audit.tlog.merkle import consistency_path, root_of
from audit.tlog.notes import Note, sign_checkpoint
from audit.tlog.tiles import WIDTH, Edge, Tile, encode_bundle
from tests.support.log import ORIGIN, connected, rows, sequence, url, write
from tests.support.unguarded import unguarded


class SealedLog:
    """What the signer does, step by step."""

    def __init__(self, root: Path, settings) -> None:
        self.root = root
        self.key = SigningKey.generate(ORIGIN)
        settings.LOG_ROOT = root
        settings.DATABASE_SIGNER_URL = url("signer")
        root.mkdir(parents=True, exist_ok=True)
        (root / KEYS).write_text(f"{self.key.verifier}\n")

    def grow(self, events: int, stream: str = "thing/1") -> Note:
        """Record so many events, and seal and publish them."""
        write(stream, events)
        return self.seal()

    def seal(self) -> Note:
        sequence()
        leaves = [bytes(leaf) for (leaf,) in rows("SELECT leaf_hash FROM audit_leaf ORDER BY idx")]
        entries = [
            bytes(entry)
            for (entry,) in rows(
                "SELECT entry FROM audit_event JOIN audit_leaf ON event_id = id ORDER BY idx"
            )
        ]
        self.leaves = leaves
        edge = Edge()
        for tile, data in [*edge.extend(leaves), *edge.partial_tiles()]:
            self.put(tile.path, data)
        for at in range(0, len(entries), WIDTH):
            some = entries[at : at + WIDTH]
            self.put(Tile(None, at // WIDTH, len(some)).path, encode_bundle(some))
        note = self.signed(leaves)
        self.put(CHECKPOINT, bytes(note))
        self.remember(note)
        return note

    def signed(self, leaves) -> Note:
        checkpoint = Checkpoint(ORIGIN, len(leaves), root_of(leaves))
        return sign_checkpoint(checkpoint, [self.key], at=0)

    def remember(self, note: Note) -> None:
        said = Checkpoint.of_text(note.text)
        with connected("signer") as signer:
            signer.execute(
                "INSERT INTO audit_checkpoint (origin, size, root, note) VALUES (%s, %s, %s, %s)"
                " ON CONFLICT DO NOTHING",
                [said.origin, said.size, said.root, bytes(note).decode()],
            )

    def put(self, path: str, data: bytes) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)

    def path(self, old: int) -> tuple[bytes, ...]:
        def node(height, index):
            return root_of(self.leaves[index << height : (index + 1) << height])

        return tuple(consistency_path(old, len(self.leaves), node)) if old else ()


def tamper(*statements: str) -> None:
    """What a superuser can do: everything, past every trigger."""
    with psycopg.connect(url("postgres")) as superuser:
        tables = [
            table
            for (table,) in superuser.execute(
                "SELECT relname FROM pg_class WHERE relname LIKE 'audit\\_%' AND relkind = 'r'"
            ).fetchall()
        ]
        with unguarded(superuser, *tables, asleep="ALL"):
            for statement in statements:
                superuser.execute(statement)
