"""Sentences about what is wrong: all are counted, the first of each kind are told."""

from collections import Counter
from typing import Final

TOLD: Final = 5
"""A log that was cut to pieces is not told piece by piece."""


class Complaints:
    """Collects what a verification finds."""

    def __init__(self) -> None:
        """Begin with none."""
        self._sentences: list[str] = []
        self._counts: Counter[str] = Counter()

    def add(self, kind: str, sentence: str) -> None:
        """Add one; ``kind`` groups those that are alike."""
        self._counts[kind] += 1
        if self._counts[kind] <= TOLD:
            self._sentences.append(sentence)

    def __bool__(self) -> bool:
        return bool(self._counts)

    def sentences(self) -> list[str]:
        """Return what was found; of many alike, how many more there are."""
        more = [
            f"And {count - TOLD} more of the kind “{kind}”."
            for kind, count in self._counts.items()
            if count > TOLD
        ]
        return self._sentences + more
