"""Signed notes (c2sp.org/signed-note): a text with signature lines below it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from audit.tlog.checkpoints import Checkpoint, of_base64, require_name, to_base64
from audit.tlog.errors import InvalidSignature, Malformed
from audit.tlog.keys import SigningKey, VerifierKey

MOST_SIGNATURES: Final = 100
"""A verifier must accept 16; Go's reader stops at 100."""

_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f]")
_LINE: Final = re.compile(r"\u2014 (\S+) (\S+)")
_ID_SIZE: Final = 4


@dataclass(frozen=True)
class Signature:
    """One signature line. ``key_id`` has four bytes; ``payload`` is what follows it."""

    name: str
    key_id: bytes
    payload: bytes

    def __str__(self) -> str:
        return f"\u2014 {self.name} {to_base64(self.key_id + self.payload)}\n"

    @classmethod
    def of_line(cls, line: str) -> "Signature":
        """Read one line without its newline.

        Raises:
            Malformed: it is no signature line.
        """
        found = _LINE.fullmatch(line)
        if found is None:
            raise Malformed(f"{line!r:.80} is no signature line.")
        require_name(found[1])
        data = of_base64(found[2])
        if len(data) <= _ID_SIZE:
            raise Malformed(f"The signature of {found[1]} is empty.")
        return cls(found[1], data[:_ID_SIZE], data[_ID_SIZE:])

    def is_by(self, key: VerifierKey) -> bool:
        """Whether the line says that this key made it."""
        return (self.name, self.key_id) == (key.name, key.key_id)


@dataclass(frozen=True)
class Verified:
    """A signature that holds.

    Attributes:
        key: who signed.
        time: the POSIX seconds that a cosignature states, else None.
    """

    key: VerifierKey
    time: int | None


@dataclass(frozen=True)
class Note:
    """A text, which ends with a newline, and its signatures."""

    text: str
    signatures: tuple[Signature, ...]

    def __bytes__(self) -> bytes:
        return (self.text + "\n" + "".join(map(str, self.signatures))).encode()

    @classmethod
    def of(cls, raw: bytes) -> "Note":
        """Read a signed note. Nothing is verified yet.

        Raises:
            Malformed: it is none.
        """
        try:
            whole = raw.decode()
        except UnicodeDecodeError as error:
            raise Malformed("A signed note is UTF-8 text.") from error
        if _CONTROL.search(whole):
            raise Malformed("A signed note holds no control characters but newlines.")
        text, gap, below = whole.rpartition("\n\n")
        if not gap or not below.endswith("\n"):
            raise Malformed("A signed note is a text, an empty line, and lines of signatures.")
        lines = below[:-1].split("\n")
        if len(lines) > MOST_SIGNATURES:
            raise Malformed(f"A note with more than {MOST_SIGNATURES} signatures is not read.")
        return cls(text + "\n", tuple(Signature.of_line(line) for line in lines))

    def verified_by(self, keys: Iterable[VerifierKey]) -> list[Verified]:
        """Return the signatures of known keys; those of unknown ones are ignored.

        Raises:
            InvalidSignature: one of a known key does not hold, or no known key signed.
        """
        known = list(keys)
        found = [
            Verified(key, key.verify(self.text, signature.payload))
            for signature in self.signatures
            for key in known
            if signature.is_by(key)
        ]
        if not found:
            names = ", ".join(f"{key.name}+{key.key_id.hex()}" for key in known) or "no key"
            raise InvalidSignature(
                f"The note is not signed by a key that is trusted here ({names})."
            )
        return found

    def and_signatures(self, more: Iterable[Signature]) -> "Note":
        """Return the note with further signatures; a key's earlier signature gives way to its new one."""
        new = list(more)
        replaced = {(each.name, each.key_id) for each in new}
        kept = [each for each in self.signatures if (each.name, each.key_id) not in replaced]
        return replace(self, signatures=(*kept, *new))


def sign_checkpoint(checkpoint: Checkpoint, keys: Sequence[SigningKey], *, at: int) -> Note:
    """Return the checkpoint signed by every key; ``at`` is the POSIX time that cosignatures state."""
    signatures = [
        Signature(key.name, key.verifier.key_id, key.sign(checkpoint.text, at=at)) for key in keys
    ]
    return Note(checkpoint.text, tuple(signatures))


def open_checkpoint(
    raw: bytes, keys: Iterable[VerifierKey]
) -> tuple[Checkpoint, list[Verified], Note]:
    """Return a signed checkpoint with those of its signatures that known keys made.

    Raises:
        Malformed: it is no signed checkpoint.
        InvalidSignature: no known key signed it, or one's signature does not hold.
    """
    note = Note.of(raw)
    verified = note.verified_by(keys)
    return Checkpoint.of_text(note.text), verified, note
