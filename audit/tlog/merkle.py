"""The Merkle tree of RFC 6962, section 2.1, over SHA-256: roots, and proofs made and verified.

A perfect subtree is named by its height and its index: ``(h, i)`` covers the leaves ``[i·2^h, (i+1)·2^h)``.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from audit.tlog.errors import InvalidProof

HASH_SIZE: Final = 32
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()

NodeAt = Callable[[int, int], bytes]
"""Returns the hash of the perfect subtree of a height and an index."""


def leaf_hash(entry: bytes) -> bytes:
    """Return ``SHA-256(0x00 || entry)``."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return ``SHA-256(0x01 || left || right)``."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def fold(perfect: Sequence[bytes]) -> bytes:
    """Return the root over adjacent perfect subtrees of falling size; that of the empty tree over none."""
    if not perfect:
        return EMPTY_ROOT
    root = perfect[-1]
    for left in reversed(perfect[:-1]):
        root = node_hash(left, root)
    return root


class Frontier:
    """The state of a growing tree: the roots of its maximal perfect subtrees, left to right.

    They are as many as the size has binary ones, so the state stays below 64 hashes.
    """

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        """Take up a state that was kept.

        Raises:
            ValueError: there are not as many hashes as the size has binary ones.
        """
        self.size = size
        self.hashes = [bytes(each) for each in hashes]
        if len(self.hashes) != size.bit_count():
            raise ValueError(f"A tree of size {size} has no frontier of {len(self.hashes)} hashes.")

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Append leaf hashes."""
        sha256, hashes, size = hashlib.sha256, self.hashes, self.size
        for leaf in leaves:
            node, bits = leaf, size
            while bits & 1:
                node = sha256(b"\x01" + hashes.pop() + node).digest()
                bits >>= 1
            hashes.append(node)
            size += 1
        self.size = size

    def root(self) -> bytes:
        """Return the root of the tree as it is."""
        return fold(self.hashes)


def root_of(leaves: Iterable[bytes]) -> bytes:
    """Return the root over leaf hashes."""
    frontier = Frontier()
    frontier.extend(leaves)
    return frontier.root()


def perfect_parts(start: int, end: int) -> list[tuple[int, int]]:
    """Return the perfect subtrees ``(height, index)`` that make up ``[start, end)``, left to right.

    ``start`` must be a multiple of the smallest power of two that is not smaller than the length, as it is
    for every subtree of RFC 6962.
    """
    parts = []
    while start < end:
        height = (end - start).bit_length() - 1
        parts.append((height, start >> height))
        start += 1 << height
    return parts


def subtree_root(start: int, end: int, node: NodeAt) -> bytes:
    """Return the hash over the leaves ``[start, end)`` of a subtree of RFC 6962."""
    return fold([node(height, index) for height, index in perfect_parts(start, end)])


def _split(length: int) -> int:
    """Return the largest power of two smaller than ``length``."""
    return 1 << ((length - 1).bit_length() - 1)


def inclusion_path(index: int, size: int, node: NodeAt) -> list[bytes]:
    """Return the audit path of a leaf (RFC 6962, section 2.1.1), from the leaf's sibling upwards.

    Raises:
        ValueError: there is no such leaf in a tree of that size.
    """
    if not 0 <= index < size:
        raise ValueError(f"A tree of size {size} has no leaf {index}.")
    path, start, end = [], 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(subtree_root(middle, end, node))
            end = middle
        else:
            path.append(subtree_root(start, middle, node))
            start = middle
    path.reverse()
    return path


def consistency_path(old: int, new: int, node: NodeAt) -> list[bytes]:
    """Return the consistency proof between two sizes (RFC 6962, section 2.1.2); empty for equal sizes.

    Raises:
        ValueError: the sizes are not ``0 < old <= new``. Nothing can be proved about the empty tree.
    """
    if not 0 < old <= new:
        raise ValueError(f"There is no consistency proof from size {old} to size {new}.")
    path, start, end = [], 0, new
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(subtree_root(middle, end, node))
            end = middle
        else:
            path.append(subtree_root(start, middle, node))
            start = middle
    if start:
        path.append(subtree_root(start, end, node))
    path.reverse()
    return path


def check_inclusion(index: int, size: int, leaf: bytes, path: Sequence[bytes], root: bytes) -> None:
    """Check that a leaf hash is at an index of the tree of that size and root (RFC 9162, 2.1.3.2).

    Raises:
        InvalidProof: it is not, or the proof does not show it.
    """
    _require_hashes(leaf, root, *path)
    if not 0 <= index < size:
        raise InvalidProof(f"A tree of size {size} has no leaf {index}.")
    node = leaf
    for sibling, is_left in _upwards("inclusion", index, size - 1, path):
        node = node_hash(sibling, node) if is_left else node_hash(node, sibling)
    if node != root:
        raise InvalidProof("The inclusion proof does not lead to the root.")


def check_consistency(
    old: int, new: int, path: Sequence[bytes], old_root: bytes, new_root: bytes
) -> None:
    """Check that the tree of size ``new`` continues the tree of size ``old`` (RFC 9162, 2.1.4.2).

    Raises:
        InvalidProof: it does not, the proof does not show it, or ``old`` is 0, about which none can.
    """
    _require_hashes(old_root, new_root, *path)
    if not 0 < old <= new:
        raise InvalidProof(f"No proof leads from size {old} to size {new}.")
    if old == new:
        if path or old_root != new_root:
            raise InvalidProof("Two trees of one size are consistent only if they are the same.")
        return
    if not path:
        raise InvalidProof("The consistency proof is empty.")
    # A perfect old tree is its own first node, and the proof leaves it out.
    first, *rest = path if old & (old - 1) else [old_root, *path]
    height = (old & -old).bit_length() - 1  # of the old tree's last perfect subtree
    here, last = (old - 1) >> height, (new - 1) >> height
    from_old = from_new = first
    for sibling, is_left in _upwards("consistency", here, last, rest):
        if is_left:
            from_old, from_new = node_hash(sibling, from_old), node_hash(sibling, from_new)
        else:
            from_new = node_hash(from_new, sibling)
    if (from_old, from_new) != (old_root, new_root):
        raise InvalidProof("The consistency proof does not lead to the roots.")


def _upwards(
    kind: str, here: int, last: int, path: Sequence[bytes]
) -> Iterator[tuple[bytes, bool]]:
    """Yield each hash of a path, and whether it stands to the left; it must end at the root."""
    for sibling in path:
        if last == 0:
            raise InvalidProof(f"The {kind} proof is longer than the tree is high.")
        is_left = bool(here & 1) or here == last
        yield sibling, is_left
        # A rightmost node without a sibling moves up as it is.
        while is_left and here and not here & 1:
            here, last = here >> 1, last >> 1
        here, last = here >> 1, last >> 1
    if last != 0:
        raise InvalidProof(f"The {kind} proof ends below the root.")


def _require_hashes(*hashes: bytes) -> None:
    if any(len(each) != HASH_SIZE for each in hashes):
        raise InvalidProof(f"A hash has {HASH_SIZE} bytes.")
