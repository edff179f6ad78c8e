"""How large a body may be, in every app."""

from typing import IO, Final

from django.http import HttpRequest
from rest_framework.exceptions import APIException

DRAINED_AT_MOST: Final = 1024 * 1024 * 1024
_BLOCK: Final = 256 * 1024


class TooLarge(APIException):
    """The body is larger than the call takes."""

    status_code = 413
    default_code = "too_large"


def drain(stream: IO[bytes] | HttpRequest) -> None:
    """Read what is still coming: a client that is still sending would see a reset, not the answer."""
    left = DRAINED_AT_MOST
    while left > 0 and (block := stream.read(_BLOCK)):
        left -= len(block)
