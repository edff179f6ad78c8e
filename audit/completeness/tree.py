"""Recompute the tree from the entries, and compare it with everything that was said about it."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from audit.completeness.complaints import Complaints
from audit.completeness.entries import Sealed
from audit.completeness.files import PublishedFiles
from audit.sequencer.form import flaw_of
from audit.tlog.merkle import EMPTY_ROOT, Frontier

CHUNK: Final = 1000


@dataclass
class Recomputed:
    """The tree that the entries make, and what was compared with it."""

    size: int = 0
    root: bytes = EMPTY_ROOT
    frontier: list[bytes] = field(default_factory=list)
    heads: int = 0


class TreeCheck:
    """Takes the leaves in their order."""

    def __init__(
        self,
        complaints: Complaints,
        *,
        heads: dict[int, bytes] | None = None,
        files: PublishedFiles | None = None,
    ) -> None:
        """Begin with the empty tree.

        Args:
            complaints: where to put what is wrong.
            heads: roots that are known from elsewhere, by their sizes.
            files: the published tiles, to be compared as well.
        """
        self._complaints = complaints
        self._known = heads or {}
        self._files = files
        self._frontier = Frontier()
        self._heads = 0
        self._leaves: list[bytes] = []
        self._entries: list[bytes] = []

    def run(self, entries: Iterable[Sealed]) -> Recomputed:
        """Check them all, and return the tree that they make."""
        expected = 0
        for sealed in entries:
            if sealed.idx != expected:
                self._complaints.add(
                    "gap", f"The leaves {expected} to {sealed.idx - 1} are missing from the tree."
                )
            expected = sealed.idx + 1
            self._take(sealed)
        self._flush()
        tree = self._frontier
        return Recomputed(tree.size, tree.root(), tree.hashes, self._heads)

    def _take(self, sealed: Sealed) -> None:
        entry = sealed.entry
        if entry is None:
            self._complaints.add("missing", f"The event of leaf {sealed.idx} is gone.")
        elif hashlib.sha256(b"\x00" + entry).digest() != sealed.leaf_hash:
            self._complaints.add("changed", f"The entry of leaf {sealed.idx} was changed.")
        elif sealed.event_hash != sealed.leaf_hash:
            self._complaints.add(
                "hash", f"The event of leaf {sealed.idx} says another leaf hash than the tree."
            )
        elif sealed.agrees is False:
            self._complaints.add(
                "columns",
                f"The columns beside the entry of leaf {sealed.idx} say something else than it does.",
            )
        elif flaw := flaw_of(entry):
            self._complaints.add(
                "form", f"The entry of leaf {sealed.idx} should not be in the tree. {flaw}"
            )
        self._leaves.append(sealed.leaf_hash)
        self._entries.append(entry or b"")
        if sealed.head is not None or sealed.idx + 1 in self._known:
            self._compare(sealed)
        elif len(self._leaves) >= CHUNK:
            self._flush()

    def _compare(self, sealed: Sealed) -> None:
        self._flush()
        root, size = self._frontier.root(), sealed.idx + 1
        if sealed.head is not None:
            self._heads += 1
            if sealed.head != root:
                self._complaints.add(
                    "signed root",
                    f"The first {size} entries do not lead to the root that was signed.",
                )
        if self._known.get(size, root) != root:
            self._complaints.add(
                "published root",
                f"The first {size} entries do not lead to the root that was published.",
            )

    def _flush(self) -> None:
        self._frontier.extend(self._leaves)
        if self._files:
            self._files.follow(self._leaves, self._entries)
        self._leaves.clear()
        self._entries.clear()
