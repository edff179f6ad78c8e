"""Proofs that an entry is in the log (c2sp.org/tlog-proof), to be verified by anybody, offline."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from audit.tlog.checkpoints import Checkpoint, number_of, of_base64, to_base64
from audit.tlog.errors import Malformed
from audit.tlog.keys import VerifierKey
from audit.tlog.merkle import check_inclusion, leaf_hash
from audit.tlog.notes import Verified, open_checkpoint

HEADER: Final = "c2sp.org/tlog-proof@v1"
LONGEST_PATH: Final = 63


@dataclass(frozen=True)
class InclusionProof:
    """The content of a ``.tlog-proof`` file.

    Attributes:
        index: of the entry, counted from 0.
        path: hashes from the leaf's sibling to the root's child.
        checkpoint: the signed checkpoint, byte for byte.
        extra: opaque and not authenticated.
    """

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None

    def __bytes__(self) -> bytes:
        lines = [HEADER]
        if self.extra is not None:
            lines.append(f"extra {to_base64(self.extra)}")
        lines += [f"index {self.index}", *map(to_base64, self.path), "", ""]
        return "\n".join(lines).encode() + self.checkpoint

    @classmethod
    def of(cls, raw: bytes) -> "InclusionProof":
        """Read a proof. Nothing is verified yet.

        Raises:
            Malformed: it is none.
        """
        head, gap, checkpoint = raw.partition(b"\n\n")
        if not gap:
            raise Malformed("A proof has an empty line before its checkpoint.")
        try:
            lines = head.decode("ascii").split("\n")
        except UnicodeDecodeError as error:
            raise Malformed("The lines before a proof's checkpoint are ASCII.") from error
        if lines.pop(0) != HEADER:
            raise Malformed(f"A proof begins with the line {HEADER}.")
        extra = None
        if lines and lines[0].startswith("extra "):
            extra = of_base64(lines.pop(0).removeprefix("extra "))
        if not lines or not lines[0].startswith("index "):
            raise Malformed("A proof says the index of its entry.")
        index = number_of(lines.pop(0).removeprefix("index "))
        if len(lines) > LONGEST_PATH:
            raise Malformed(f"No path has more than {LONGEST_PATH} hashes.")
        return cls(index, tuple(map(of_base64, lines)), checkpoint, extra)

    def verify(
        self, entry: bytes, keys: Iterable[VerifierKey]
    ) -> tuple[Checkpoint, list[Verified]]:
        """Check that the entry is in the tree that a known key signed.

        Returns:
            The checkpoint, and the signatures on it that hold.

        Raises:
            TlogError: it is not, or this does not prove it.
        """
        checkpoint, verified, _ = open_checkpoint(self.checkpoint, keys)
        leaf = leaf_hash(entry)
        check_inclusion(self.index, checkpoint.size, leaf, self.path, checkpoint.root)
        return checkpoint, verified
