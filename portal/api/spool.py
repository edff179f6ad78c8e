"""A request's body read once for its hash, and once more by the view."""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, Final

from django.conf import settings
from django.http import HttpRequest

from catalog.api.bodies import TooLarge, drain

_BLOCK: Final = 256 * 1024
_IN_MEMORY: Final = 1024 * 1024
_ROUND_THE_FILE: Final = 1024 * 1024
"""The other fields of a multipart body, and its boundaries."""


def largest_body() -> int:
    """Return the most bytes that any call takes."""
    return int(settings.EVIDENCE_MAX_BYTES) + _ROUND_THE_FILE


@contextmanager
def read_once(request: HttpRequest) -> Iterator[str]:
    """Give the SHA-256 of type and body, and the body to be read again inside; memory stays small.

    Raises:
        TooLarge: the body is larger than any call takes.
    """
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as kept:
        digest = _copy(request, kept)
        kept.seek(0)
        _give_back(request, kept)
        yield digest


def _copy(request: HttpRequest, kept: IO[bytes]) -> str:
    digest = hashlib.sha256(f"{request.content_type}\n".encode())
    left = largest_body()
    while block := request.read(_BLOCK):
        left -= len(block)
        if left < 0:
            drain(request)
            raise TooLarge(
                f"The body is larger than {largest_body()} bytes, the most any call takes."
            )
        digest.update(block)
        kept.write(block)
    return digest.hexdigest()


def _give_back(request: Any, kept: IO[bytes]) -> None:
    # HttpRequest has no public way to say "read from here"; multipart and .body both start at _stream.
    request._stream = kept  # noqa: SLF001 -- there is no public way to it
    request._read_started = False  # noqa: SLF001 -- there is no public way to it
