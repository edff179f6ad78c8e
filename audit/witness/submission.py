"""What a log sends to a witness: the body of ``add-checkpoint``."""

from dataclasses import dataclass
from typing import Final

from audit.tlog.checkpoints import number_of, of_base64, to_base64
from audit.tlog.errors import Malformed

LONGEST_PATH: Final = 63
PATH: Final = "/add-checkpoint"
SIZE_TYPE: Final = "text/x.tlog.size"
_OLD: Final = "old "


@dataclass(frozen=True)
class Submission:
    """A checkpoint with the proof that it continues the one that the witness knows.

    Attributes:
        old: the size of the checkpoint that the witness is believed to hold, 0 for none.
        path: the consistency proof from there; empty when ``old`` is 0.
        checkpoint: the signed checkpoint, byte for byte.
    """

    old: int
    path: tuple[bytes, ...]
    checkpoint: bytes

    def __bytes__(self) -> bytes:
        lines = [f"{_OLD}{self.old}", *map(to_base64, self.path), "", ""]
        return "\n".join(lines).encode() + self.checkpoint

    @classmethod
    def of(cls, raw: bytes) -> "Submission":
        """Read a request's body. Nothing is verified yet.

        Raises:
            Malformed: it is none.
        """
        head, gap, checkpoint = raw.partition(b"\n\n")
        if not gap:
            raise Malformed("An empty line stands before the checkpoint.")
        try:
            first, *hashes = head.decode("ascii").split("\n")
        except UnicodeDecodeError as error:
            raise Malformed("The lines before the checkpoint are ASCII.") from error
        if not first.startswith(_OLD):
            raise Malformed("The first line is `old` and a size.")
        if len(hashes) > LONGEST_PATH:
            raise Malformed(f"No consistency proof has more than {LONGEST_PATH} hashes.")
        return cls(number_of(first.removeprefix(_OLD)), tuple(map(of_base64, hashes)), checkpoint)
