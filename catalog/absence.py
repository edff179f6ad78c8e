"""A server that does not answer is not asked again at once: its timeouts would slow every call."""

import time

WAIT_AFTER_FAILURE = 5.0
"""Seconds."""


class Absence:
    """What this process knows about whether a server is away."""

    def __init__(self) -> None:
        """Begin by presuming that it is there."""
        self._until = float("-inf")

    @property
    def is_presumed(self) -> bool:
        """Whether it was away a moment ago."""
        return time.monotonic() < self._until

    def note(self) -> None:
        """Remember that it has just not answered."""
        self._until = time.monotonic() + WAIT_AFTER_FAILURE
