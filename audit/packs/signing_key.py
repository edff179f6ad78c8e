"""The key that signs manifests, and signatures as ``ssh-keygen -Y sign`` makes them (PROTOCOL.sshsig).

Not the log's key, which no worker may hold. It is made when the first pack is built and announced in the
log; whoever steals it can sign a pack, and cannot put its entries into the log.
"""

import base64
import hashlib
import os
import struct
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_ssh_private_key,
)

from audit.packs.errors import CannotBuild

NAMESPACE: Final = "gatehouse-pack"
_KIND: Final = b"ssh-ed25519"
_LINE: Final = 70


def _string(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


@dataclass(frozen=True, repr=False)
class PackKey:
    """An Ed25519 key in OpenSSH's forms. Its ``repr`` does not show the secret."""

    private: Ed25519PrivateKey

    @property
    def raw_public(self) -> bytes:
        """The 32 bytes of the public key."""
        return self.private.public_key().public_bytes_raw()

    @property
    def blob(self) -> bytes:
        """The public key as OpenSSH encodes it."""
        return _string(_KIND) + _string(self.raw_public)

    @property
    def fingerprint(self) -> str:
        """``SHA256:…``, as ``ssh-keygen -l`` prints it."""
        digest = base64.b64encode(hashlib.sha256(self.blob).digest())
        return f"SHA256:{digest.decode().rstrip('=')}"

    @property
    def public_line(self) -> str:
        """The public key as a line of an OpenSSH file."""
        return f"ssh-ed25519 {base64.b64encode(self.blob).decode()}"

    def allowed_signers(self, principal: str) -> bytes:
        """Return the file that says who may sign packs."""
        return f'{principal} namespaces="{NAMESPACE}" {self.public_line}\n'.encode()

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of a plain signature."""
        return self.private.sign(message)

    def sign_file(self, data: bytes) -> bytes:
        """Return an armored OpenSSH signature over a file's bytes."""
        parts = (NAMESPACE.encode(), b"", b"sha512")
        head = b"".join(map(_string, parts))
        signature = self.private.sign(b"SSHSIG" + head + _string(hashlib.sha512(data).digest()))
        inner = _string(_KIND) + _string(signature)
        whole = b"SSHSIG" + struct.pack(">I", 1) + _string(self.blob) + head + _string(inner)
        text = base64.b64encode(whole).decode()
        lines = [text[at : at + _LINE] for at in range(0, len(text), _LINE)]
        return "\n".join(
            ["-----BEGIN SSH SIGNATURE-----", *lines, "-----END SSH SIGNATURE-----", ""]
        ).encode()

    def __repr__(self) -> str:
        return f"<PackKey {self.fingerprint}>"


def key_in(path: Path) -> PackKey:
    """Return the key of a file in OpenSSH's format (unencrypted, mode 0600); make it if there is none.

    Raises:
        CannotBuild: there is a file, and no Ed25519 key in it.
    """
    if not path.exists():
        _make(path)
    try:
        key = load_ssh_private_key(path.read_bytes(), None)
    except (ValueError, OSError, TypeError) as error:
        raise CannotBuild(f"The key for packs in {path} cannot be read: {error}.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise CannotBuild(f"The key for packs in {path} is not of the kind ssh-ed25519.")
    return PackKey(key)


def _make(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = Ed25519PrivateKey.generate()
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    aside = path.with_name(f"{path.name}.{os.getpid()}")
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(secret)
        out.flush()
        os.fsync(out.fileno())
    # Two workers may be at it: the first one's key stays, whole.
    with suppress(FileExistsError):
        path.hardlink_to(aside)
    aside.unlink()
