"""The verification of the whole log: finds nothing in a good one, and names what is wrong in others."""

import tracemalloc

import pytest
from django.db import transaction

from audit.completeness.verification import verify_log
from audit.tlog.merkle import root_of
from audit.tlog.tiles import decode_bundle, encode_bundle
from tests.audit.sealing import SealedLog
from tests.support.log import write

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def log(tmp_path, settings):
    return SealedLog(tmp_path / "log", settings)


def findings():
    return verify_log().findings


def found(*words):
    told = " ".join(findings())
    return all(word in told for word in words)


def test_an_empty_log_is_good(log):
    result = verify_log()
    assert (result.ok, result.size, result.checkpoints) == (True, 0, 0)


def test_a_good_log_is_good_at_every_size(log):
    for events in (1, 1, 1, 4, 248, 1, 1, 300):
        log.grow(events)
    result = verify_log()
    assert result.findings == []
    assert (result.size, result.checkpoints) == (557, 8)
    assert result.root == root_of(log.leaves)


def test_events_that_wait_are_not_missing(log):
    log.grow(5)
    write("thing/1", 3)
    assert findings() == []


@pytest.mark.slow
def test_the_memory_does_not_grow_with_the_log(log):
    write("thing/1", 3000)
    log.seal()
    tracemalloc.start()
    verify_log()
    small = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    write("thing/1", 27_000)
    log.seal()
    tracemalloc.start()
    verify_log()
    large = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert large < small + 2_000_000


def test_a_published_tile_that_is_missing_is_named(log):
    log.grow(300)
    (log.root / "tile/0/000").unlink()
    (log.root / "tile/entries/001.p/44").unlink()
    assert found("tile/0/000 cannot be read", "tile/entries/001.p/44 cannot be read")


@pytest.mark.parametrize("tile", ["tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1"], ids=str)
def test_a_published_tile_that_differs_is_named(log, tile):
    log.grow(300)
    file = log.root / tile
    data = bytearray(file.read_bytes())
    data[5] ^= 1
    file.write_bytes(data)
    assert found(f"The published {tile} differs from the database at")


def test_published_entries_that_differ_are_named(log):
    log.grow(300)
    file = log.root / "tile/entries/000"
    entries = decode_bundle(file.read_bytes())
    entries[17] = entries[17].replace(b"usr_1", b"usr_2")
    file.write_bytes(encode_bundle(entries))
    assert found("differs from the database at entry 17")


def test_a_torn_bundle_is_named(log):
    log.grow(300)
    file = log.root / "tile/entries/000"
    file.write_bytes(file.read_bytes()[:-100])
    assert found("The published tile/entries/000 differs")


def test_without_the_files_only_the_database_is_verified(log):
    log.grow(300)
    (log.root / "tile/0/000").unlink()
    assert verify_log(with_files=False).findings == []


def test_a_checkpoint_signed_by_another_key_is_refused(log):
    log.grow(5)
    log.put("checkpoint", bytes(log.signed(log.leaves)).replace(b"\n5\n", b"\n6\n"))
    assert found("The published checkpoint:")


def test_a_log_published_beyond_the_tree_means_an_older_database(log):
    log.grow(5)
    log.put("checkpoint", bytes(log.signed([*log.leaves, bytes(32)])))
    assert found("6 entries are published, and the tree has 5", "restored")


def test_a_transaction_must_not_be_open_already(log):
    with transaction.atomic(), pytest.raises(RuntimeError):
        verify_log()
