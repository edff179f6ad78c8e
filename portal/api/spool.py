"""A request's body read once for its hash, and once more by the view."""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, Final

from django.http import HttpRequest

_BLOCK: Final = 256 * 1024
_IN_MEMORY: Final = 1024 * 1024


@contextmanager
def read_once(request: HttpRequest) -> Iterator[str]:
    """Give the SHA-256 of type and body, and the body to be read again inside; memory stays small."""
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as kept:
        digest = _copy(request, kept)
        kept.seek(0)
        _give_back(request, kept)
        yield digest


def _copy(request: HttpRequest, kept: IO[bytes]) -> str:
    digest = hashlib.sha256(f"{request.content_type}\n".encode())
    while block := request.read(_BLOCK):
        digest.update(block)
        kept.write(block)
    return digest.hexdigest()


def _give_back(request: Any, kept: IO[bytes]) -> None:
    # HttpRequest has no public way to say "read from here"; multipart and .body both start at _stream.
    request._stream = kept  # noqa: SLF001 -- there is no public way to it
    request._read_started = False  # noqa: SLF001 -- there is no public way to it
