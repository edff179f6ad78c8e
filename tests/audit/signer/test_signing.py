"""What the signer signs and publishes, and that strangers' tools verify it."""

import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from tlog_scales.backend import make_backend
from tlog_scales.reader import TilesReader

from audit.models import Checkpoint, Event, Leaf
from audit.signer import growth as growth_module
from audit.signer import signing as signing_module
from audit.signer.database import connect, wait_until_durable
from audit.signer.errors import CannotSign
from audit.tlog.keys import SignatureType, SigningKey
from audit.tlog.merkle import check_consistency, check_inclusion, root_of
from audit.tlog.notes import Note, Signature, open_checkpoint
from audit.tlog.tiles import decode_bundle, tiles_of
from tests.support.log import ORIGIN, Signing, sequence, url, write


def leaf_hashes():
    return [bytes(leaf.leaf_hash) for leaf in Leaf.objects.order_by("idx")]


def assert_published(signing, size):
    """Every tile and bundle of the checkpoint is there, and is what it must be."""
    hashes = leaf_hashes()[:size]
    checkpoint = signing.checkpoint
    assert (checkpoint.origin, checkpoint.size) == (ORIGIN, size)
    assert checkpoint.root == root_of(hashes)
    entries = [bytes(e.entry) for e in Event.objects.order_by("leaf__idx")[:size]]
    for tile in tiles_of(size):
        data = signing.files.exact(tile)
        first = tile.index * 256
        if tile.level is None:
            assert decode_bundle(data) == entries[first : first + tile.width]
        elif tile.level == 0:
            assert data == b"".join(hashes[first : first + tile.width])
        else:
            assert len(data) == 32 * tile.width


def test_nothing_is_signed_before_there_is_something(signing):
    assert not signing.sign()
    sequence()
    assert not signing.sign()
    assert not signing.state_file.exists()


def test_a_checkpoint_is_published_with_its_tiles_and_kept(signing):
    write(times=3)
    sequence()
    assert signing.sign()
    assert_published(signing, 3)
    kept = Checkpoint.objects.get()
    assert (kept.origin, kept.size, bytes(kept.root)) == (ORIGIN, 3, signing.checkpoint.root)
    assert kept.note.encode() == signing.files.checkpoint()
    assert (signing.root / "log.vkey").read_text() == f"{signing.key.verifier}\n"
    assert not signing.sign()


def test_a_log_grows_over_the_ends_of_tiles_and_a_restart_changes_nothing(signing):
    sizes = []
    for times in (1, 254, 1, 1, 300, 1000, 19):
        write(f"thing/{times}", times)
        sequence()
        signing.again()
        assert signing.sign()
        sizes.append(Leaf.objects.count())
        assert_published(signing, sizes[-1])
    # What became full is there once.
    assert not (signing.root / "tile/0/000.p").exists()
    assert not (signing.root / "tile/entries/001.p").exists()
    hashes = leaf_hashes()
    for old, new in pairwise(sizes):
        path = signing.files.consistency_path(old, new)
        check_consistency(old, new, path, root_of(hashes[:old]), root_of(hashes[:new]))
    for index in (0, 1, 255, 256, 1300, sizes[-1] - 1):
        for size in sizes:
            if index < size:
                path = signing.files.inclusion_path(index, size)
                check_inclusion(index, size, hashes[index], path, root_of(hashes[:size]))


def test_the_reader_of_others_reads_the_directory(signing):
    write(times=300)
    sequence()
    signing.sign()
    reader = TilesReader(make_backend(str(signing.root)))
    assert reader.get_checkpoint().root_hash == reader.calculate_root_hash()
    entry = reader.get_entry(299)
    assert json.loads(entry)["seq"] == 300
    tool = [str(Path(sys.executable).with_name("tlog-tiles")), "get-leaf", "--check"]
    done = subprocess.run([*tool, str(signing.root), "299"], capture_output=True, check=False)
    assert done.stdout == entry, done.stderr


def test_cosignatures_of_witnesses_stay_on_their_checkpoint_and_leave_with_it(signing):
    write()
    sequence()
    signing.sign()
    witness = SigningKey.generate("w.example", SignatureType.ED25519_COSIGNATURE)
    note = Note.of(signing.files.checkpoint())
    line = Signature(witness.name, witness.verifier.key_id, witness.sign(note.text, at=9))
    (signing.root / "checkpoint").write_bytes(bytes(note.and_signatures([line])))
    signing.again().key_file.path.touch()
    signing.sign()
    assert open_checkpoint(signing.files.checkpoint(), [witness.verifier])[1][0].time == 9
    assert Note.of(signing.files.checkpoint()).signatures[0].is_by(signing.key.verifier)
    write()
    sequence()
    signing.sign()
    assert len(Note.of(signing.files.checkpoint()).signatures) == 1


def test_a_post_quantum_key_cosigns(signing):
    cosigner = SigningKey.generate("cosigner.example/log", SignatureType.ML_DSA_44_COSIGNATURE)
    signing.use(signing.key, cosigner)
    write()
    sequence()
    signing.sign()
    keys = [signing.key.verifier, cosigner.verifier]
    _, verified, _ = open_checkpoint(signing.files.checkpoint(), keys)
    assert [each.key for each in verified] == keys
    assert verified[1].time > 1_700_000_000


def test_what_is_visible_is_made_durable_before_it_is_signed(transactional_db):
    with connect(url("signer")) as connection:
        before = connection.execute("SELECT pg_current_wal_flush_lsn()").fetchone()[0]
        seen = connection.execute("SELECT pg_current_wal_insert_lsn()").fetchone()[0]
        wait_until_durable(connection)
        after = connection.execute(
            "SELECT pg_current_wal_flush_lsn() >= %s::pg_lsn, pg_current_wal_flush_lsn() > %s::pg_lsn",
            [seen, before],
        ).fetchone()
    assert after == (True, True)


@pytest.fixture
def deeds(signing, monkeypatch):
    """What the signer does, in its order: files that it flushes and renames, and steps in between."""
    told, flush, rename = [], os.fsync, Path.replace

    def noting(module, name):
        real = getattr(module, name)

        def step(*args, **kwargs):
            told.append(name)
            return real(*args, **kwargs)

        monkeypatch.setattr(module, name, step)

    def flushed(handle):
        told.append(("flush", Path(f"/proc/self/fd/{handle}").resolve()))
        flush(handle)

    def renamed(path, target):
        told.append(("rename", path, target))
        return rename(path, target)

    for name in ("wait_until_durable", "sign_checkpoint", "keep_checkpoint"):
        noting(signing_module, name)
    noting(growth_module, "entries")
    monkeypatch.setattr(os, "fsync", flushed)
    monkeypatch.setattr(Path, "replace", renamed)
    return told


@pytest.mark.skipif(
    not Path("/proc/self/fd").exists(), reason="the names of open files are in /proc"
)
def test_each_step_is_on_the_disk_before_the_next(signing, deeds):
    write(times=300)
    sequence()
    signing.sign()
    renames = {each[2]: number for number, each in enumerate(deeds) if each[0] == "rename"}
    tiles = [number for path, number in renames.items() if "tile" in path.parts]
    assert len(tiles) == len(list(tiles_of(300)))
    memory, checkpoint = renames[signing.state_file], renames[signing.root / "checkpoint"]
    steps = ["wait_until_durable", "entries", "sign_checkpoint", "keep_checkpoint"]
    durable, read, signed, kept = map(deeds.index, steps)
    assert durable < read < min(tiles) < max(tiles) < memory < signed < checkpoint < kept
    # Each file's content is flushed before it has its name, and its name before the next step.
    nexts = dict.fromkeys(tiles, memory) | {memory: signed, checkpoint: kept}
    for number, following in nexts.items():
        _, path, target = deeds[number]
        assert ("flush", path) in deeds[:number]
        assert ("flush", target.parent) in deeds[number:following]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "cannot be used"), ("", "holds those of 0"), ("no key", "begins with PRIVATE"),
        ("\udcff", "cannot be used"),
    ],
)  # fmt: skip
def test_a_key_file_that_cannot_be_used_is_named(signing, content, says):
    write()
    sequence()
    signing.key_file.unlink()
    if content is not None:
        signing.key_file.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(CannotSign, match=says) as refused:
        signing.sign()
    assert str(signing.key_file) in str(refused.value)


def test_two_names_in_one_key_file_are_refused(signing):
    signing.use(signing.key, SigningKey.generate("other.example"))
    write()
    sequence()
    with pytest.raises(CannotSign, match="holds those of 2"):
        signing.sign()


def test_a_key_of_another_name_does_not_sign(tmp_path, transactional_db):
    signing = Signing(tmp_path)
    signing.use(SigningKey.generate("other.example"))
    write()
    sequence()
    with pytest.raises(CannotSign, match="Give both one name"):
        signing.sign()
