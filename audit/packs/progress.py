"""How far a pack has come, written where people look; and the proof that its worker still lives."""

import time
from datetime import timedelta
from typing import Any, Final

from django.utils import timezone

from audit.packs.errors import LeaseLost
from audit.packs.models import Pack

LEASE: Final = timedelta(seconds=60)
_EVERY: Final = 0.5
"""Seconds between two writes; a lease is renewed with each."""


class Progress:
    """The steps of one build. Nothing here is in the transaction that the pack is read in."""

    def __init__(self, pack: Pack, holder: str) -> None:
        self._pack, self._holder = pack, holder
        self._steps: list[dict[str, Any]] = []
        self._written = 0.0

    def step(self, title: str, total: int) -> None:
        """Begin the next step; the ones before it are done."""
        self._finish()
        self._steps.append({"title": title, "done": 0, "total": total})
        self._write()

    def at(self, done: int) -> None:
        """Say how far the present step is."""
        self._steps[-1]["done"] = done
        if time.monotonic() - self._written > _EVERY:
            self._write()

    def end(self) -> None:
        """Say that the last step is done."""
        self._finish()
        self._write()

    def _finish(self) -> None:
        if self._steps:
            self._steps[-1]["done"] = self._steps[-1]["total"]

    def _write(self) -> None:
        mine = Pack.objects.filter(pk=self._pack.pk, lease_holder=self._holder)
        if not mine.update(steps=self._steps, lease_until=timezone.now() + LEASE):
            raise LeaseLost(f"Another worker builds the {self._pack}.")
        self._written = time.monotonic()
