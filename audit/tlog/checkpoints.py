"""Checkpoints (c2sp.org/tlog-checkpoint): what a log says about its tree. Signing them is in ``notes``."""

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Final

from audit.tlog.errors import Malformed
from audit.tlog.merkle import EMPTY_ROOT, HASH_SIZE

LARGEST_SIZE: Final = 2**63 - 1
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_ORIGIN: Final = re.compile(r"[^\s+\x00-\x1f\x7f]+")


@dataclass(frozen=True)
class Checkpoint:
    """A tree's size and root under the log's name.

    Attributes:
        origin: the log's name, a URL without scheme; also the name of its keys.
        size: how many entries.
        root: the tree's root hash, 32 bytes.
    """

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The text that is signed: three lines. We write no extension lines, nobody audits them."""
        return f"{self.origin}\n{self.size}\n{to_base64(self.root)}\n"

    @classmethod
    def of_text(cls, text: str) -> "Checkpoint":
        """Read the text of a checkpoint; lines after the third are left alone.

        Raises:
            Malformed: it is none.
        """
        lines = text.split("\n")
        if len(lines) < 4 or lines[-1]:  # noqa: PLR2004 -- three lines and the end of the last
            raise Malformed("A checkpoint has at least three lines, and each ends with a newline.")
        origin, size, root = lines[:3]
        require_name(origin)
        found = cls(origin, number_of(size), of_base64(root))
        if len(found.root) != HASH_SIZE:
            raise Malformed(f"A root hash has {HASH_SIZE} bytes, and this one {len(found.root)}.")
        if found.size == 0 and found.root != EMPTY_ROOT:
            raise Malformed("The root of an empty tree is the hash of nothing.")
        return found


def require_name(name: str) -> None:
    """Check that a log's or a key's name is not empty and holds neither spaces nor ``+``.

    Raises:
        Malformed: it does not.
    """
    if not _ORIGIN.fullmatch(name):
        raise Malformed(f"{name!r:.80} is no name of a log or key: no spaces, no plus, not empty.")


def number_of(text: str) -> int:
    """Return an ASCII decimal without leading zeros.

    Raises:
        Malformed: it is none, or beyond 63 bits.
    """
    if not _NUMBER.fullmatch(text) or int(text) > LARGEST_SIZE:
        raise Malformed(f"{text!r:.40} is no decimal number without leading zeros.")
    return int(text)


def to_base64(data: bytes) -> str:
    """Return RFC 4648 section 4 base64 with its padding."""
    return base64.b64encode(data).decode()


def of_base64(text: str) -> bytes:
    """Return the bytes of base64, of which each value has one spelling only.

    Raises:
        Malformed: it is not in that form.
    """
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise Malformed(f"{text!r:.80} is no base64.") from error
    if to_base64(data) != text:
        raise Malformed(f"{text!r:.80} is not the usual spelling of its base64.")
    return data
