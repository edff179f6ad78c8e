"""What was recorded about readers lately, for all processes of the web together.

The cache knows. While it is away each process goes by its own memory, so that an account is recorded once
too often rather than not at all. Two first readings in the same moment may both be recorded.
"""

import time
from typing import Final

from django.core.cache import cache

SECONDS: Final = 3600
_MOST: Final = 10_000
_own: Final[dict[str, float]] = {}
"""Until when, on the monotonic clock."""


def is_remembered(key: str) -> bool:
    """Return whether this was recorded within the hour; one question to the cache, none to the database."""
    if cache.get(key) is not None:
        return True
    # Either it is new, or the cache is away or has lost its memory.
    return time.monotonic() < _own.get(key, float("-inf"))


def remember(key: str) -> None:
    """Remember it from now on; call it once the event is committed."""
    cache.set(key, 1, SECONDS)
    if len(_own) >= _MOST:
        forget()
    _own[key] = time.monotonic() + SECONDS


def forget() -> None:
    """Forget what this process remembers by itself."""
    _own.clear()
