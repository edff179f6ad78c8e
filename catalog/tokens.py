"""What an API token looks like, and what is kept of it."""

import hashlib
import re
import secrets
from typing import Final

TOKEN: Final = re.compile(r"gh_[A-Za-z0-9_-]{43}")
"""``gh_`` and 256 random bits in base64url."""

_SHOWN_CHARACTERS: Final = 11


def new_token() -> tuple[str, str, str]:
    """Return a new token, the part of it that may be shown later, and the digest to keep.

    The token itself is for its owner's eyes, once. 256 random bits need no slow hash.
    """
    plain = f"gh_{secrets.token_urlsafe(32)}"
    return plain, plain[:_SHOWN_CHARACTERS], digest_of(plain)


def digest_of(plain: str) -> str:
    """Return the SHA-256 of the token as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(plain.encode()).hexdigest()
