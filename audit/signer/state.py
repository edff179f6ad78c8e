"""What the signer remembers: the last tree that it vouched for, in a file of its own."""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from audit.publishing.store import write_whole
from audit.signer.errors import CannotSign
from audit.tlog.checkpoints import Checkpoint, of_base64, to_base64
from audit.tlog.errors import Malformed
from audit.tlog.keys import VerifierKey
from audit.tlog.tiles import Edge

_FORMAT: Final = 1


@dataclass(frozen=True)
class KeyUse:
    """A key and the trees that it signed: from a size up to another, or up to now (None)."""

    vkey: str
    since: int
    until: int | None = None

    @property
    def key(self) -> VerifierKey:
        """The public key."""
        return VerifierKey.of(self.vkey)


@dataclass(frozen=True)
class State:
    """The signer's memory. It is on the disk before any signature over it leaves the process.

    Attributes:
        origin: the log's name.
        edge: the partial tiles of the tree, which determine its size and root.
        keys: the keys that signed, in the order of their first use.
        announced: the verifier keys that an entry of the log announces.
    """

    origin: str
    edge: Edge
    keys: tuple[KeyUse, ...] = ()
    announced: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """How many entries were signed."""
        return self.edge.size

    @property
    def checkpoint(self) -> Checkpoint:
        """What was signed."""
        return Checkpoint(self.origin, self.edge.size, self.edge.root())

    def may_sign(self, vkey: str) -> bool:
        """Whether a key was announced in the log, or signs since the beginning."""
        return not self.keys or vkey in self.announced or vkey in {use.vkey for use in self.keys}

    def signed_by(self, vkeys: list[str]) -> "State":
        """Return the memory that these keys sign from here on, and no others."""
        uses = [
            replace(
                use, until=None if use.vkey in vkeys else min(use.until or self.size, self.size)
            )
            for use in self.keys
        ]
        known = {use.vkey for use in uses}
        uses += [KeyUse(vkey, self.size) for vkey in vkeys if vkey not in known]
        return replace(self, keys=tuple(uses))

    def save(self, path: Path) -> None:
        """Write it, durably.

        Raises:
            OSError: it could not; the old one is as it was.
        """
        document = {
            "format": _FORMAT,
            "origin": self.origin,
            "size": self.size,
            "root": to_base64(self.edge.root()),
            "keys": [vars(use) for use in self.keys],
            "announced": list(self.announced),
            "edge": [[to_base64(node) for node in level] for level in self.edge.levels],
        }
        write_whole(path, json.dumps(document, indent=1).encode() + b"\n", mode=0o600)

    @classmethod
    def load(cls, path: Path) -> "State | None":
        """Return what was saved, None if nothing ever was.

        Raises:
            CannotSign: the file is there and cannot be used.
        """
        try:
            document: dict[str, Any] = json.loads(path.read_bytes())
            edge = Edge(document["size"], map(_hashes, document["edge"]))
            if document["format"] != _FORMAT or to_base64(edge.root()) != document["root"]:
                raise ValueError("its root is not that of its tree")  # noqa: TRY301 -- one sentence
            return cls(
                document["origin"],
                edge,
                tuple(KeyUse(**use) for use in document["keys"]),
                tuple(document["announced"]),
            )
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CannotSign(
                f"The signer's memory {path} cannot be used: {error}. Put it back from a copy, or let the "
                "signer believe the published checkpoint once:  manage.py signer --adopt"
            ) from error


def _hashes(level: list[str]) -> list[bytes]:
    try:
        return [of_base64(node) for node in level]
    except Malformed as error:
        raise ValueError(str(error)) from error


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the memory at ``path``: a step of the signer and a recovery must not meet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with Path(f"{path}.step").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def identity(path: Path) -> tuple[int, int] | None:
    """Return what changes when the memory is replaced; None if there is none."""
    try:
        about = path.stat()
    except FileNotFoundError:
        return None
    return about.st_ino, about.st_mtime_ns
