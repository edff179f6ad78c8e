"""Tiles: their names, their bytes, and a tree that grows from its edge alone."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tlog_scales.reader import TilesReader

from audit.tlog.checkpoints import Checkpoint
from audit.tlog.errors import Malformed
from audit.tlog.keys import SigningKey
from audit.tlog.merkle import (
    check_consistency,
    check_inclusion,
    consistency_path,
    inclusion_path,
    leaf_hash,
    root_of,
)
from audit.tlog.notes import sign_checkpoint
from audit.tlog.tiles import (
    Edge,
    Tile,
    TileNodes,
    decode_bundle,
    decode_hashes,
    encode_bundle,
    tiles_of,
)


def entries(size):
    return [b"entry %d" % number for number in range(size)]


def grown(size, *, by=97):
    """The hash tiles of a tree that grew in steps."""
    edge, files = Edge(), {}
    hashes = [leaf_hash(entry) for entry in entries(size)]
    for start in range(0, size, by):
        edge = Edge(edge.size, edge.levels)  # as if it had been kept and taken up again
        files |= dict(edge.extend(hashes[start : start + by]))
        files |= dict(edge.partial_tiles())
    return edge, hashes, files


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 1234067), "tile/0/x001/x234/067"),
        (Tile(2, 999, 17), "tile/2/999.p/17"),
        (Tile(None, 1000, 255), "tile/entries/x001/000.p/255"),
        (Tile(63, 1), "tile/63/001"),
    ],
)
def test_a_path_names_a_tile_and_a_tile_its_path(tile, path):
    assert tile.path == path
    assert Tile.of_path(path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "", "tile", "tile/0", "tile/0/0", "tile/0/1000", "tile/64/000", "tile/00/000", "tile/-1/000",
        "tile/0/x000/001", "tile/0/001/002", "tile/0/x001", "tile/0/000.p/0", "tile/0/000.p/256",
        "tile/0/000.p/07", "tile/0/000.p/", "tile/0/000.p", "tile/0/000/", "/tile/0/000",
        "tile/entries/../../checkpoint", "tile/0/\u0661\u0662\u0663", "tile/0/000\n", "tile/entry/000",
        "tile/0/" + "x001/" * 7 + "001", "checkpoint",
    ],
)  # fmt: skip
def test_what_is_no_path_of_a_tile_is_refused(path):
    with pytest.raises(Malformed):
        Tile.of_path(path)


def test_a_tree_has_the_tiles_of_the_specification():
    found = list(tiles_of(70_000))
    of_level = [[tile for tile in found if tile.level == level] for level in (None, 0, 1, 2, 3)]
    assert [len(tiles) for tiles in of_level] == [274, 274, 2, 1, 0]
    assert [tiles[-1].width for tiles in of_level[:4]] == [112, 112, 17, 1]
    assert [tile.path for tile in tiles_of(256)] == [
        "tile/entries/000",
        "tile/0/000",
        "tile/1/000.p/1",
    ]
    assert list(tiles_of(0)) == []
    new = set(tiles_of(70_000, start=66_000))
    assert new <= set(found)
    assert Tile(0, 66_000 // 256) in new
    assert Tile(0, 66_000 // 256 - 1) not in new


def test_a_tree_that_grew_has_every_tile_and_root_of_one_that_did_not():
    edge, hashes, files = grown(66_000, by=5_000)
    assert edge.root() == root_of(hashes)
    for tile in tiles_of(66_000):
        if tile.level is not None:
            assert len(files[tile]) == 32 * tile.width, tile
    assert files[Tile(0, 3)] == b"".join(hashes[3 * 256 : 4 * 256])
    assert files[Tile(1, 0)][:32] == root_of(hashes[:256])
    assert files[Tile(2, 0, 1)] == root_of(hashes[:65536])


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 1500), st.data())
def test_proofs_made_from_tiles_verify(size, data):
    edge, hashes, files = grown(size)
    at = TileNodes(size, lambda tile: files[tile])
    index = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(1, size))
    check_inclusion(index, size, hashes[index], inclusion_path(index, size, at), edge.root())
    path = consistency_path(old, size, at)
    check_consistency(old, size, path, root_of(hashes[:old]), edge.root())


def test_a_proof_of_an_older_tree_may_be_read_from_tiles_that_have_grown():
    edge, hashes, files = grown(600)

    def read(tile):
        return files.get(tile) or files[Tile(tile.level, tile.index)]

    at = TileNodes(500, read)
    check_inclusion(7, 500, hashes[7], inclusion_path(7, 500, at), root_of(hashes[:500]))
    assert edge.size == 600


def test_a_tile_that_holds_too_little_is_refused():
    _, _, files = grown(600)
    at = TileNodes(600, lambda tile: files[tile][:-32])
    with pytest.raises(Malformed, match="hashes only"):
        inclusion_path(599, 600, at)
    with pytest.raises(Malformed, match="not made of"):
        decode_hashes(b"x" * 33)
    with pytest.raises(Malformed, match="not made of"):
        decode_hashes(b"")


@given(st.lists(st.binary(max_size=300), max_size=256))
def test_a_bundle_gives_back_its_entries(content):
    assert decode_bundle(encode_bundle(content)) == content


def test_a_bundle_holds_the_largest_entry_and_no_larger_one():
    assert decode_bundle(encode_bundle([b"x" * 65_535])) == [b"x" * 65_535]
    with pytest.raises(ValueError, match="does not fit"):
        encode_bundle([b"x" * 65_536])


@pytest.mark.parametrize("data", [b"\x00", b"\x00\x02x", b"\x00\x01xy", b"\x00\x00" * 257])
def test_a_torn_bundle_is_refused(data):
    with pytest.raises(Malformed):
        decode_bundle(data)


def test_an_edge_that_does_not_fit_its_size_is_refused():
    with pytest.raises(ValueError, match="not the partial tiles"):
        Edge(5, [[b"x" * 32] * 4])


def test_another_implementation_reads_our_tiles_and_proves_every_entry():
    size = 700
    edge, hashes, files = grown(size)
    key = SigningKey.generate("log.example/gatehouse")
    note = sign_checkpoint(Checkpoint(key.name, size, edge.root()), [key], at=0)
    served = {tile.path: data for tile, data in files.items()}
    served["checkpoint"] = bytes(note)
    for tile in tiles_of(size):
        if tile.level is None:
            first = tile.index * 256
            served[tile.path] = encode_bundle(entries(size)[first : first + tile.width])

    class Backend:
        def get(self, *path):
            return served.get("/".join(path))

    reader = TilesReader(Backend())
    assert reader.get_checkpoint().size == size
    assert reader.calculate_root_hash() == edge.root()
    for index in range(0, size, 13):
        assert reader.get_entry(index) == entries(size)[index]
        reader.get_inclusion_proof(index, size).check(hashes[index], edge.root())
    at = TileNodes(size, lambda tile: files[tile])
    ours = consistency_path(300, size, at)
    assert reader.get_consistency_proof(300, size).node_hashes == ours
