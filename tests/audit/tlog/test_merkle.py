"""The tree against its definition, known answers, another implementation, and every way to bend a proof."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tlog_scales.tlog import ConsistencyProof, InclusionProof

from audit.tlog.errors import InvalidProof
from audit.tlog.merkle import (
    EMPTY_ROOT,
    Frontier,
    check_consistency,
    check_inclusion,
    consistency_path,
    inclusion_path,
    leaf_hash,
    node_hash,
    root_of,
    subtree_root,
)

# The eight leaves and roots with which implementations of RFC 6962 compare themselves.
ENTRIES = [
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
]  # fmt: skip
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def leaves(size):
    return [leaf_hash(b"entry %d" % number) for number in range(size)]


def defined(hashes):
    """MTH of RFC 6962, section 2.1, as it is written there."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return node_hash(defined(hashes[:k]), defined(hashes[k:]))


def nodes(hashes):
    return lambda height, index: defined(hashes[index << height : (index + 1) << height])


def test_the_roots_are_the_known_ones():
    hashes = [leaf_hash(bytes.fromhex(entry)) for entry in ENTRIES]
    assert root_of([]).hex() == hashlib.sha256(b"").hexdigest() == EMPTY_ROOT.hex()
    assert [root_of(hashes[: size + 1]).hex() for size in range(8)] == ROOTS


def test_a_growing_tree_has_the_root_of_its_definition_at_every_size():
    hashes, frontier = leaves(300), Frontier()
    for size in range(300):
        assert frontier.root() == defined(hashes[:size])
        frontier.extend([hashes[size]])


def test_a_frontier_is_taken_up_where_it_was_kept():
    hashes, kept = leaves(100), Frontier()
    kept.extend(hashes[:37])
    again = Frontier(kept.size, kept.hashes)
    again.extend(hashes[37:])
    assert again.root() == root_of(hashes)
    with pytest.raises(ValueError, match="no frontier of 2 hashes"):
        Frontier(37, kept.hashes[:2])


def test_every_small_proof_verifies_here_and_elsewhere():
    hashes = leaves(40)
    at = nodes(hashes)
    for size in range(1, 41):
        root = defined(hashes[:size])
        assert subtree_root(0, size, at) == root
        for index in range(size):
            path = inclusion_path(index, size, at)
            check_inclusion(index, size, hashes[index], path, root)
            InclusionProof(index, size, path).check(hashes[index], root)
        for old in range(1, size + 1):
            path = consistency_path(old, size, at)
            check_consistency(old, size, path, defined(hashes[:old]), root)
            ConsistencyProof(old, size, path).check(defined(hashes[:old]), root)


def bent(path, garbage):
    """Every other proof that one might try."""
    yield [*path, garbage]
    yield [garbage, *path]
    yield [*path, b""]
    if path:
        yield path[:-1]
        yield path[1:]
        yield []
        yield [*path[:-1], path[-1][:-1]]
        for number, each in enumerate(path):
            yield [*path[:number], bytes([each[0] ^ 16]) + each[1:], *path[number + 1 :]]
    if len(path) > 1 and path != path[::-1]:
        yield path[::-1]


@given(st.integers(1, 80), st.data())
def test_a_bent_inclusion_proof_is_refused(size, data):
    index = data.draw(st.integers(0, size - 1))
    hashes = leaves(size)
    root, path = defined(hashes), inclusion_path(index, size, nodes(hashes))
    leaf = hashes[index]
    for garbage in (leaf, root, EMPTY_ROOT):
        for wrong in bent(path, garbage):
            with pytest.raises(InvalidProof):
                check_inclusion(index, size, leaf, wrong, root)
    for other in {-1, index + 1, index - 1, index ^ 2, index + size, size} - {index}:
        with pytest.raises(InvalidProof):
            check_inclusion(other, size, leaf, path, root)
    for other in {0, size // 2, size * 2} - {size}:
        with pytest.raises(InvalidProof):
            check_inclusion(index, other, leaf, path, root)
    for wrong_leaf, wrong_root in (
        (EMPTY_ROOT, root),
        (leaf, EMPTY_ROOT),
        (leaf, b""),
        (b"", root),
    ):
        with pytest.raises(InvalidProof):
            check_inclusion(index, size, wrong_leaf, path, wrong_root)


@given(st.integers(2, 80), st.data())
def test_a_bent_consistency_proof_is_refused(new, data):
    old = data.draw(st.integers(1, new - 1))
    hashes = leaves(new)
    roots = defined(hashes[:old]), defined(hashes)
    path = consistency_path(old, new, nodes(hashes))
    for garbage in (*roots, EMPTY_ROOT):
        for wrong in bent(path, garbage):
            with pytest.raises(InvalidProof):
                check_consistency(old, new, wrong, *roots)
    for sizes in ((0, new), (new, old), (new, new), (old, old), (-1, new), (old, new * 2)):
        with pytest.raises(InvalidProof):
            check_consistency(*sizes, path, *roots)
    for wrong in (reversed(roots), (roots[0], EMPTY_ROOT), (EMPTY_ROOT, roots[1])):
        with pytest.raises(InvalidProof):
            check_consistency(old, new, path, *wrong)


def test_a_proof_of_another_length_of_the_same_tree_is_refused():
    # A verifier that does not compare the sizes takes this for leaf 5 of a tree of four.
    hashes = leaves(8)
    path = inclusion_path(5, 8, nodes(hashes))
    with pytest.raises(InvalidProof, match="has no leaf"):
        check_inclusion(5, 4, hashes[5], path, defined(hashes))


def test_equal_sizes_are_consistent_if_they_are_the_same_tree():
    root = defined(leaves(5))
    check_consistency(5, 5, [], root, root)
    with pytest.raises(InvalidProof, match="only if they are the same"):
        check_consistency(5, 5, [], root, EMPTY_ROOT)


def test_nothing_is_proved_about_the_empty_tree():
    hashes = leaves(3)
    for sizes in ((0, 3), (3, 2), (-1, 1)):
        with pytest.raises(ValueError, match="no consistency proof"):
            consistency_path(*sizes, nodes(hashes))
    with pytest.raises(ValueError, match="has no leaf 3"):
        inclusion_path(3, 3, nodes(hashes))
