"""Keys of signed notes (c2sp.org/signed-note, c2sp.org/tlog-cosignature).

A verifier key is public: ``name+hash+base64(type || key)``. A signer key is the secret form of Go's
``sumdb/note``: ``PRIVATE+KEY+name+hash+base64(type || seed)``; we write ML-DSA-44 seeds the same way.
"""

import hashlib
import os
import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from cryptography.exceptions import InvalidSignature as CryptographyInvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from audit.tlog.checkpoints import Checkpoint, of_base64, require_name, to_base64
from audit.tlog.errors import InvalidSignature, Malformed

SEED_SIZE: Final = 32
_PRIVATE: Final = "PRIVATE+KEY+"
_TIME: Final = struct.Struct(">Q")
_SUBTREE: Final = b"subtree/v1\n\x00"


class SignatureType(IntEnum):
    """How a key signs; the first byte of its encoded form."""

    ED25519 = 0x01
    ED25519_COSIGNATURE = 0x04
    ML_DSA_44_COSIGNATURE = 0x06

    @property
    def is_cosignature(self) -> bool:
        """Whether the signature carries the time at which it was made."""
        return self is not SignatureType.ED25519


_PUBLIC_SIZE: Final = {
    SignatureType.ED25519: 32,
    SignatureType.ED25519_COSIGNATURE: 32,
    SignatureType.ML_DSA_44_COSIGNATURE: 1312,
}


@dataclass(frozen=True)
class VerifierKey:
    """A public key under its name."""

    name: str
    type: SignatureType
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The four bytes by which signature lines name the key."""
        return _key_id(self.name, self.type, self.public)

    @classmethod
    def of(cls, vkey: str) -> "VerifierKey":
        """Read a verifier key.

        Raises:
            Malformed: it is none, or of a type that is not known here.
        """
        name, key_id, encoded = _three_parts(vkey)
        kind, public = _typed(encoded)
        if len(public) != _PUBLIC_SIZE[kind]:
            raise Malformed(f"The key {name} has {len(public)} bytes, not {_PUBLIC_SIZE[kind]}.")
        key = cls(name, kind, public)
        if key.key_id.hex() != key_id:
            raise Malformed(f"The hash in the key {name} is not that of the key.")
        return key

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{to_base64(bytes([self.type]) + self.public)}"

    def verify(self, text: str, signature: bytes) -> int | None:
        """Check a signature over a note's text.

        Returns:
            The POSIX time that a cosignature states, else None.

        Raises:
            InvalidSignature: this key did not make it over this text.
        """
        time: int | None = None
        if self.type.is_cosignature:
            if len(signature) < _TIME.size:
                raise InvalidSignature(f"The cosignature of {self.name} is cut short.")
            (time,) = _TIME.unpack_from(signature)
            signature = signature[_TIME.size :]
        try:
            message = _message(self.type, self.name, text, time or 0)
            self._public_key().verify(signature, message)
        except (CryptographyInvalidSignature, Malformed) as error:
            raise InvalidSignature(
                f"The signature of {self.name} is not over this text, or not by its key {self.key_id.hex()}."
            ) from error
        return time

    def _public_key(self) -> Ed25519PublicKey | MLDSA44PublicKey:
        if self.type is SignatureType.ML_DSA_44_COSIGNATURE:
            return MLDSA44PublicKey.from_public_bytes(self.public)
        return Ed25519PublicKey.from_public_bytes(self.public)


@dataclass(frozen=True, repr=False)
class SigningKey:
    """A secret key under its name. Its ``repr`` does not show the secret."""

    name: str
    type: SignatureType
    seed: bytes

    @classmethod
    def generate(cls, name: str, kind: SignatureType = SignatureType.ED25519) -> "SigningKey":
        """Return a new key.

        Raises:
            Malformed: it cannot have that name.
        """
        require_name(name)
        return cls(name, kind, os.urandom(SEED_SIZE))

    @classmethod
    def of(cls, written: str) -> "SigningKey":
        """Read a signer key as ``written`` returns it.

        Raises:
            Malformed: it is none. The sentence does not repeat it.
        """
        if not written.startswith(_PRIVATE):
            raise Malformed("A signer key begins with PRIVATE+KEY+.")
        try:
            name, key_id, encoded = _three_parts(written.removeprefix(_PRIVATE))
            kind, seed = _typed(encoded)
        except Malformed:
            raise Malformed(
                "The signer key is not in the form PRIVATE+KEY+name+hash+key."
            ) from None
        if len(seed) != SEED_SIZE:
            raise Malformed(f"The seed of the signer key {name} has not {SEED_SIZE} bytes.")
        key = cls(name, kind, seed)
        if key.verifier.key_id.hex() != key_id:
            raise Malformed(f"The hash in the signer key {name} is not that of the key.")
        return key

    def named(self, name: str) -> "SigningKey":
        """Return the same secret under another name, which makes it another key to verifiers."""
        require_name(name)
        return SigningKey(name, self.type, self.seed)

    @property
    def written(self) -> str:
        """The secret as it is kept in a file."""
        encoded = to_base64(bytes([self.type]) + self.seed)
        return f"{_PRIVATE}{self.name}+{self.verifier.key_id.hex()}+{encoded}"

    @property
    def verifier(self) -> VerifierKey:
        """The public key."""
        return VerifierKey(self.name, self.type, self._key().public_key().public_bytes_raw())

    def sign(self, text: str, *, at: int = 0) -> bytes:
        """Return the signature over a note's text.

        Args:
            text: of the note; cosignatures are made over checkpoints only.
            at: POSIX seconds, which a cosignature states.

        Raises:
            Malformed: a cosignature was asked for over something that is no checkpoint.
        """
        signature = self._key().sign(_message(self.type, self.name, text, at))
        return _TIME.pack(at) + signature if self.type.is_cosignature else signature

    def _key(self) -> Ed25519PrivateKey | MLDSA44PrivateKey:
        if self.type is SignatureType.ML_DSA_44_COSIGNATURE:
            return MLDSA44PrivateKey.from_seed_bytes(self.seed)
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    def __repr__(self) -> str:
        return f"<SigningKey {self.verifier.name}+{self.verifier.key_id.hex()}>"


def _message(kind: SignatureType, name: str, text: str, time: int) -> bytes:
    """Return the bytes that a key of this type signs."""
    match kind:
        case SignatureType.ED25519:
            return text.encode()
        case SignatureType.ED25519_COSIGNATURE:
            Checkpoint.of_text(text)
            return f"cosignature/v1\ntime {time}\n{text}".encode()
        case SignatureType.ML_DSA_44_COSIGNATURE:
            seen = Checkpoint.of_text(text)
            start, end = _TIME.pack(0), _TIME.pack(seen.size)
            origin = _short(seen.origin)
            return _SUBTREE + _short(name) + _TIME.pack(time) + origin + start + end + seen.root


def _short(text: str) -> bytes:
    """Return the text with one byte for its length before it."""
    data = text.encode()
    if len(data) > 255:  # noqa: PLR2004 -- what a byte holds
        raise Malformed(f"The name {text[:40]}… is longer than 255 bytes.")
    return bytes([len(data)]) + data


def _key_id(name: str, kind: SignatureType, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


def _three_parts(text: str) -> tuple[str, str, str]:
    # Neither a name nor a hash holds a plus, and base64 may.
    parts = text.split("+", 2)
    if len(parts) != 3:  # noqa: PLR2004 -- name, hash, key
        raise Malformed(f"{text!r:.80} is not in the form name+hash+key.")
    require_name(parts[0])
    return parts[0], parts[1], parts[2]


def _typed(encoded: str) -> tuple[SignatureType, bytes]:
    data = of_base64(encoded)
    try:
        return SignatureType(data[0]), data[1:]
    except (ValueError, IndexError) as error:
        raise Malformed("The key is of a type that is not known here.") from error
