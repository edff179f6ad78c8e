"""Private values under their subjects' keys: ``{subjects: {field: base64(nonce || AES-256-GCM)}}``.

What is sealed is ``salt[32] || value``; the subjects and the field are authenticated with it. A value that
concerns several people is sealed under all their keys at once: who destroys one of them destroys it.
"""

import base64
import hashlib
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from cryptography.exceptions import InvalidTag

from audit.privacy.wrapping import Key

SALT: Final = 32
_NONCE: Final = 12
_BETWEEN: Final = " "

log = structlog.get_logger(__name__)

Sealed = dict[str, dict[str, str]]
Keys = Mapping[str, Key | None]


@dataclass(frozen=True, repr=False, slots=True)
class Private:
    """One value with its salt, and whom it concerns."""

    field: str
    salt: bytes
    value: str
    subjects: tuple[str, ...]


def seal(values: Sequence[Private], keys: Keys) -> Sealed:
    """Return the values under their subjects' keys; what concerns an erased subject is left out."""
    sealed: Sealed = {}
    nonces = secrets.token_bytes(_NONCE * len(values))
    for number, each in enumerate(values):
        owner = _BETWEEN.join(each.subjects)
        key = _key_of(owner, keys)
        if key is None:
            continue
        nonce = nonces[number * _NONCE : (number + 1) * _NONCE]
        plain = each.salt + each.value.encode()
        closed = key.cipher.encrypt(nonce, plain, _context(owner, each.field))
        sealed.setdefault(owner, {})[each.field] = base64.b64encode(nonce + closed).decode()
    return sealed


def unseal(sealed: Mapping[str, Mapping[str, str]], keys: Keys) -> Iterator[Private]:
    """Yield what can still be read."""
    for owner, fields in sealed.items():
        key = _key_of(owner, keys)
        if key is None:
            continue
        for field, text in fields.items():
            try:
                raw = base64.b64decode(text)
                plain = key.cipher.decrypt(raw[:_NONCE], raw[_NONCE:], _context(owner, field))
            except (InvalidTag, ValueError):
                # Somebody moved or changed it, or wrote it past the portal. One page must not fail for
                # it, and the value is lost.
                log.exception("disclosure_is_not_what_was_sealed", subjects=owner, field=field)
                continue
            yield Private(field, plain[:SALT], plain[SALT:].decode(), subjects_of(owner))


def subjects_of(owner: str) -> tuple[str, ...]:
    """Return whom the values under this name concern."""
    return tuple(owner.split(_BETWEEN))


def _key_of(owner: str, keys: Keys) -> Key | None:
    if _BETWEEN not in owner:
        return keys.get(owner)
    joint = hashlib.sha256(b"gatehouse joint key")
    for subject in subjects_of(owner):
        part = keys.get(subject)
        if part is None:
            return None
        joint.update(part.raw)
    return Key(joint.digest())


def _context(owner: str, field: str) -> bytes:
    return f"gatehouse disclosure v1\x00{owner}\x00{field}".encode()
