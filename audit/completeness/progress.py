"""How far a verification of the whole log is. Only a courtesy: what it found is a row and an event."""

import time
from collections.abc import Iterator
from typing import Final

from django.core.cache import cache

from audit.completeness.entries import Sealed

_KEY: Final = "audit:verification-progress"
_EVERY: Final = 1.0
_FORGOTTEN_AFTER: Final = 60
"""Seconds: a verification that says nothing for so long is not shown as going on."""


def told(entries: Iterator[Sealed], total: int) -> Iterator[Sealed]:
    """Yield the entries, and say about once a second how many went by."""
    last = time.monotonic()
    _tell(0, total)
    for number, sealed in enumerate(entries, start=1):
        if number % 1000 == 0 and time.monotonic() - last >= _EVERY:
            last = time.monotonic()
            _tell(number, total)
        yield sealed
    _tell(total, total)


def forget() -> None:
    """Say that no verification is going on."""
    cache.delete(_KEY)


def progress() -> tuple[int, int] | None:
    """Return how many entries of how many were verified; None when nobody says so."""
    found: tuple[int, int] | None = cache.get(_KEY)
    return found


def _tell(done: int, total: int) -> None:
    cache.set(_KEY, (done, total), _FORGOTTEN_AFTER)
