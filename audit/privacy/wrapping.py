"""The key that wraps the keys of all subjects: it comes from a secret file and is in no database.

``settings.PRIVACY_KEY`` holds one secret or several, separated by white space: the first wraps, all of them
unwrap, so that a new one can be put in front (``manage.py rewrap_subject_keys`` does the rest).
A wrapped key is ``id[4] || nonce[12] || AES-256-GCM(subject key)``; the id says which secret wrapped it, and
the subject is authenticated with it, so that one subject's key cannot be put in another's place.
"""

import hashlib
import secrets
from dataclasses import dataclass
from functools import cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from audit.privacy.errors import WrongPrivacyKey

KEY: Final = 32
"""Bytes of a subject's key."""

_ID: Final = 4
_NONCE: Final = 12
_SHORTEST: Final = 32
"""Characters of a secret."""


@dataclass(frozen=True, repr=False)
class _Wrapper:
    id: bytes
    cipher: AESGCM

    def __repr__(self) -> str:
        return f"<wrapping key {self.id.hex()}>"


class Key:
    """A subject's key. Its ``repr`` does not show it.

    Attributes:
        raw: 32 bytes.
        cipher: AES-256-GCM under it; to set it up takes longer than to use it.
    """

    __slots__ = ("cipher", "raw")

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.cipher = AESGCM(raw)

    def __repr__(self) -> str:
        return "<key of a subject>"


def new_wrapped_key(subject: str) -> tuple[Key, bytes]:
    """Return a new key for the subject, plain and wrapped."""
    key = Key(secrets.token_bytes(KEY))
    return key, wrap(subject, key)


def wrap(subject: str, key: Key) -> bytes:
    """Return the key as it may be kept in the database."""
    wrapper = _wrappers(settings.PRIVACY_KEY)[0]
    nonce = secrets.token_bytes(_NONCE)
    return wrapper.id + nonce + wrapper.cipher.encrypt(nonce, key.raw, subject.encode())


def unwrap(subject: str, wrapped: bytes) -> Key:
    """Return the subject's key.

    Raises:
        WrongPrivacyKey: none of the portal's secrets opens it.
    """
    for wrapper in _wrappers(settings.PRIVACY_KEY):
        if wrapper.id == wrapped[:_ID]:
            nonce, sealed = wrapped[_ID : _ID + _NONCE], wrapped[_ID + _NONCE :]
            try:
                return Key(wrapper.cipher.decrypt(nonce, sealed, subject.encode()))
            except InvalidTag:
                continue
    raise WrongPrivacyKey


def is_current(wrapped: bytes) -> bool:
    """Return whether the first secret wrapped it."""
    return wrapped[:_ID] == _wrappers(settings.PRIVACY_KEY)[0].id


@cache
def _wrappers(secret: str) -> tuple[_Wrapper, ...]:
    given = secret.split()
    if not given or any(len(each) < _SHORTEST for each in given):
        raise ImproperlyConfigured(
            f"PRIVACY_KEY needs at least {_SHORTEST} characters that nobody can guess."
        )
    return tuple(_wrapper(each) for each in given)


def _wrapper(secret: str) -> _Wrapper:
    derive = HKDF(algorithm=SHA256(), length=KEY, salt=None, info=b"gatehouse subject keys v1")
    key = derive.derive(secret.encode())
    return _Wrapper(hashlib.sha256(b"gatehouse wrapping key" + key).digest()[:_ID], AESGCM(key))
