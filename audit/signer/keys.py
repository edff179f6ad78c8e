"""The signer's key file: one signer key a line. The first Ed25519 key is the log's; all of them sign.

Two Ed25519 keys are a rotation under way; an ML-DSA-44 key cosigns.
"""

from dataclasses import dataclass, field
from pathlib import Path

from audit.signer.errors import CannotSign
from audit.tlog.errors import Malformed
from audit.tlog.keys import SignatureType, SigningKey


@dataclass
class KeyFile:
    """Read again when it changes, so that a rotation needs no restart."""

    path: Path
    _seen: tuple[int, int, int] | None = None
    _keys: list[SigningKey] = field(default_factory=list, repr=False)

    def read(self) -> list[SigningKey]:
        """Return the keys as they are written, under the name of the first log.

        Raises:
            CannotSign: the file cannot be read, or holds no key for a log.
        """
        try:
            about = self.path.stat()
            seen = (about.st_mtime_ns, about.st_size, about.st_ino)
            if seen != self._seen:
                self._keys = _parsed(self.path.read_text(encoding="utf-8"))
                self._seen = seen
        except (OSError, UnicodeDecodeError, Malformed) as error:
            raise CannotSign(f"The key file {self.path} cannot be used: {error}") from error
        return self._keys

    @property
    def name(self) -> str:
        """The name of the first log that these keys sign.

        Raises:
            CannotSign: see ``read``.
        """
        return next(key.name for key in self.read() if key.type is SignatureType.ED25519)


def _parsed(text: str) -> list[SigningKey]:
    keys = [SigningKey.of(line) for line in text.split()]
    logs = {key.name for key in keys if key.type is SignatureType.ED25519}
    if len(logs) != 1:
        raise Malformed(f"It must hold Ed25519 keys of one name, and holds those of {len(logs)}.")
    return keys
