"""The log as the pack proves it: the newest signed checkpoint, its keys, its tree."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

from audit.packs.errors import CannotBuild, NotSealedYet
from audit.packs.snapshot import Snapshot
from audit.packs.zip_file import Archive
from audit.publishing.places import KEY_HISTORY, KEYS, directory_of
from audit.tlog.checkpoints import Checkpoint
from audit.tlog.errors import Malformed, TlogError
from audit.tlog.keys import SignatureType, VerifierKey
from audit.tlog.merkle import consistency_path, inclusion_path
from audit.tlog.notes import Note, Signature
from audit.tlog.policy_file import NOBODY, Policy, parse_policy
from audit.tlog.proofs import InclusionProof
from audit.tlog.tiles import WIDTH, Edge, Tile, TileNodes, encode_bundle

_COVERING: Final = """
SELECT c.id, c.note FROM audit_checkpoint c JOIN audit_tree t ON t.origin = c.origin
WHERE c.size > (SELECT idx FROM audit_leaf WHERE event_id = %(event)s)
    AND (NOT %(witnessed)s OR EXISTS (SELECT FROM audit_quorum q WHERE q.checkpoint_id = c.id))
ORDER BY c.size LIMIT 1
"""
"""The first checkpoint over an event: a pack that is built again, after a crash, has the same. Where the
policy asks for witnesses it is the first that has them: a pack that does not meet its own policy proves
nothing to whoever checks it."""
_COSIGNED: Final = (
    "SELECT line FROM audit_cosignature WHERE checkpoint_id = %(checkpoint)s ORDER BY id"
)
_LEAVES: Final = """
SELECT leaf_hash FROM audit_leaf WHERE idx >= %(start)s AND idx < %(end)s ORDER BY idx
"""
_ENTRIES: Final = """
SELECT e.entry FROM audit_leaf l JOIN audit_event e ON e.id = l.event_id
WHERE l.idx >= %(start)s AND l.idx < %(end)s ORDER BY l.idx
"""
_STRIDE: Final = 16 * WIDTH


@dataclass
class SealedLog:
    """A signed tree, and what verifies it."""

    checkpoint: Checkpoint
    note: Note
    keys: list[VerifierKey]
    policy: Policy
    history: bytes
    _snapshot: Snapshot
    _upper: dict[Tile, bytes] = field(default_factory=dict)
    _nodes: TileNodes | None = None

    @property
    def size(self) -> int:
        """How many entries the checkpoint covers."""
        return self.checkpoint.size

    @property
    def key(self) -> VerifierKey:
        """The log's key that signed the checkpoint."""
        names = {(each.name, each.key_id) for each in self.note.signatures}
        signed = [key for key in self.keys if (key.name, key.key_id) in names]
        ed25519 = [key for key in signed if key.type is SignatureType.ED25519]
        if not ed25519:
            raise CannotBuild("The newest checkpoint is not signed by a key that is published.")
        return ed25519[0]

    # ── files ────────────────────────────────────────────────────────────────────────────────────

    def add_word(self, archive: Archive) -> None:
        """Add the checkpoint, the key, and both once more as openssl reads them."""
        key = self.key
        signature = next(each.payload for each in self.note.signatures if each.is_by(key))
        pem = Ed25519PublicKey.from_public_bytes(key.public).public_bytes(
            Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
        )
        archive.add("log/checkpoint", bytes(self.note))
        archive.add("log/checkpoint.body", self.note.text.encode())
        archive.add("log/checkpoint.sig", signature)
        archive.add("log.pem", pem)
        archive.add("log.vkey", "".join(f"{each}\n" for each in self.keys).encode())
        archive.add("policy.tlog", str(self.policy).encode())
        if self.history:
            archive.add("keys-history.json", self.history)

    def add_tiles(
        self, archive: Archive, wanted: set[int] | None, tick: Callable[[int], None]
    ) -> None:
        """Add the tiles over the tree; of level 0 those that are wanted, or all with all entries.

        Raises:
            CannotBuild: the leaves do not lead to the root that was signed.
        """
        edge = Edge()
        for start in range(0, self.size, _STRIDE):
            for tile, data in edge.extend(self._leaves(start, min(start + _STRIDE, self.size))):
                self._add_tile(archive, tile, data, wanted)
            if wanted is None:
                self._add_bundles(archive, start)
            tick(min(start + _STRIDE, self.size))
        for tile, data in edge.partial_tiles():
            self._add_tile(archive, tile, data, None)
        if edge.size != self.size or edge.root() != self.checkpoint.root:
            raise CannotBuild(
                f"The {edge.size} leaves in the database do not lead to the root that was signed for "
                f"{self.size} entries: the log was changed. No pack is built from it."
            )

    def _add_tile(self, archive: Archive, tile: Tile, data: bytes, wanted: set[int] | None) -> None:
        if tile.level:
            self._upper[tile] = data
        if tile.level or wanted is None or tile.index in wanted:
            archive.add(f"log/{tile.path}", data)

    def _add_bundles(self, archive: Archive, start: int) -> None:
        entries = self._entries(start, min(start + _STRIDE, self.size))
        for index in range(start // WIDTH, -(-min(start + _STRIDE, self.size) // WIDTH)):
            some = list(islice(entries, WIDTH))
            archive.add(f"log/{Tile(None, index, len(some)).path}", encode_bundle(some))

    def _leaves(self, start: int, end: int) -> list[bytes]:
        wanted = {"start": start, "end": end}
        return [row[0] for row in self._snapshot.all(_LEAVES, wanted, binary=True)]

    def _entries(self, start: int, end: int) -> Iterable[bytes]:
        found = self._snapshot.all(_ENTRIES, {"start": start, "end": end}, binary=True)
        return iter([row[0] for row in found])

    # ── proofs ───────────────────────────────────────────────────────────────────────────────────

    def proof(self, index: int) -> bytes:
        """Return the ``.tlog-proof`` of an entry; ``add_tiles`` comes first."""
        path = tuple(inclusion_path(index, self.size, self._tree()))
        return bytes(InclusionProof(index, path, bytes(self.note)))

    def consistency_path(self, old: int) -> list[bytes]:
        """Return the hashes that lead from a smaller tree to this one; ``add_tiles`` comes first.

        Raises:
            ValueError: the size is not ``0 < old <= size``.
        """
        return consistency_path(old, self.size, self._tree())

    def _tree(self) -> TileNodes:
        if self._nodes is None:
            self._nodes = TileNodes(self.size, self._read)
        return self._nodes

    def _read(self, tile: Tile) -> bytes:
        if tile.level:
            return self._upper[tile]
        start = tile.index * WIDTH
        return b"".join(self._leaves(start, start + tile.width))


def sealed_log(snapshot: Snapshot, event_id: int) -> SealedLog:
    """Return the log as it stood when the event was signed for.

    Raises:
        NotSealedYet: no checkpoint covers the event.
        CannotBuild: the checkpoint is not signed by a key that is published.
    """
    place = _published(snapshot)
    try:
        keys = _keys_in(place / KEYS)
        policy = _policy(keys)
        pk, text = _covering(snapshot, event_id, witnessed=policy.quorum != NOBODY)
        lines = snapshot.all(_COSIGNED, {"checkpoint": pk})
        note = Note.of(text.encode()).and_signatures(
            Signature.of_line(line.rstrip("\n")) for (line,) in lines
        )
        note.verified_by(keys)
        checkpoint = Checkpoint.of_text(note.text)
        return SealedLog(checkpoint, note, keys, policy, _history_in(place), snapshot)
    except TlogError as error:
        raise CannotBuild(f"The checkpoint cannot be verified: {error}") from error


def _covering(snapshot: Snapshot, event_id: int, *, witnessed: bool) -> tuple[int, str]:
    wanted = {"event": event_id, "witnessed": witnessed}
    for pk, text in snapshot.all(_COVERING, wanted):
        return pk, text
    if witnessed and snapshot.all(_COVERING, {**wanted, "witnessed": False}):
        raise NotSealedYet(
            "The log is signed as far as the request for this pack, and the witnesses that the policy asks "
            "for have not cosigned it: does the courier run, and do the witnesses answer?"
        )
    raise NotSealedYet(
        "The log is not signed as far as the request for this pack: do the sequencer and the signer run?"
    )


def _published(snapshot: Snapshot) -> Path:
    incarnation = snapshot.one("SELECT incarnation FROM audit_tree", {})
    return directory_of(Path(settings.LOG_ROOT), incarnation)


def _history_in(place: Path) -> bytes:
    """Return what the signer says about its keys, now and before; empty if it says nothing."""
    path = place / KEY_HISTORY
    return path.read_bytes() if path.exists() else b""


def _keys_in(path: Path) -> list[VerifierKey]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise CannotBuild(
            f"The log's public key is not in {path}, where the signer publishes it: does it run?"
        ) from error
    return [VerifierKey.of(line) for line in lines if line.strip()]


def _policy(keys: list[VerifierKey]) -> Policy:
    """Return the policy of this installation; without one it names the log and asks for nobody."""
    path = settings.WITNESS_POLICY_FILE
    if path:
        try:
            return parse_policy(Path(path).read_bytes())
        except (OSError, Malformed) as error:
            raise CannotBuild(f"The witness policy {path} cannot be read: {error}") from error
    logs = [key for key in keys if key.type is SignatureType.ED25519]
    return parse_policy("".join([*(f"log {key}\n" for key in logs), "quorum none\n"]).encode())
