"""The verifier on a published log: what holds, what each kind of edit is caught by, what it cannot tell."""

import shutil
import subprocess
import sys

import pytest

from audit.tlog.keys import SignatureType, SigningKey
from audit.verify import gatehouse_verify as verifier
from tests.audit.verify.paper import PaperLog, entry

SIZE = 2 * 256 + 77


@pytest.fixture(scope="module")
def log():
    return PaperLog(entry(number) for number in range(SIZE))


@pytest.fixture(scope="module")
def kept(log, tmp_path_factory):
    return log.publish(tmp_path_factory.mktemp("log"))


@pytest.fixture
def folder(kept, tmp_path):
    return shutil.copytree(kept, tmp_path / "log")


def look(path, *options):
    """Return the exit status and what was found wrong."""
    options = verifier._arguments([str(path), "--jobs", "1", *options])
    report = verifier.verify(str(path), verifier._trust(options), entry=options.entry, jobs=1)
    said = [f"{check}: {text}" for kind, check, text in report.findings if kind != "ok"]
    return report.status(strict=False), " ".join(said)


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 511, 512, 513, SIZE])
def test_a_log_of_any_size_verifies(log, tmp_path, size):
    status, said = look(log.publish(tmp_path, size), "--log-key", log.vkey)
    assert status == verifier.VERIFIED, said


def test_a_log_of_more_than_two_levels_verifies_in_several_processes(tmp_path):
    many = PaperLog(entry(number) for number in range(256 * 256 + 300))
    many.publish(tmp_path)
    done = subprocess.run(
        [sys.executable, verifier.__file__, tmp_path, "--log-key", many.vkey, "--jobs", "2"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "65836 entries in 258 tiles lead to the signed root" in done.stdout


def test_it_runs_without_the_portal_and_from_another_directory(log, folder, tmp_path):
    alone = shutil.copy(verifier.__file__, tmp_path / "verify.py")
    done = subprocess.run(
        [sys.executable, "-I", alone, "log", "--log-key", log.vkey, "--json"],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_changed_entry_is_caught_by_its_tile(log, folder):
    bundle = folder / "tile/entries/001"
    bundle.write_bytes(bundle.read_bytes().replace(b"usr_1", b"usr_2", 1))
    status, said = look(folder, "--log-key", log.vkey)
    assert status == verifier.WRONG
    assert "Entry 256 is not the one whose hash is in tile/0/001" in said


def test_a_changed_entry_with_its_tile_is_caught_by_the_level_above(log, folder):
    other = list(log.entries)
    other[300] = other[300].replace(b"usr_1", b"usr_2")
    forged = PaperLog(other, log.key)
    for name in ("tile/entries/001", "tile/0/001"):
        target = folder / "forged"
        shutil.copy(forged.publish(target) / name, folder / name)
        shutil.rmtree(target)
    status, said = look(folder, "--log-key", log.vkey)
    assert status == verifier.WRONG
    assert "tile/0/001 is not the tile whose hash is in tile/1/000" in said


def test_a_log_that_was_rewritten_whole_is_caught_by_the_signed_root(log, folder):
    other = [*log.entries[:300], entry(9999), *log.entries[301:]]
    PaperLog(other, log.key).publish(folder)
    (folder / "checkpoint").write_bytes(log.checkpoint())
    status, said = look(folder, "--log-key", log.vkey)
    assert status == verifier.WRONG
    assert "not the one that was signed" in said


def test_a_log_that_was_rewritten_and_signed_is_caught_by_an_earlier_checkpoint(
    log, folder, tmp_path
):
    earlier = tmp_path / "kept"
    earlier.write_bytes(log.checkpoint(400))
    assert look(folder, "--log-key", log.vkey, "--earlier", str(earlier))[0] == verifier.VERIFIED
    other = list(log.entries)
    other[300] = other[300].replace(b"usr_1", b"usr_2")
    PaperLog(other, log.key).publish(folder)
    assert look(folder, "--log-key", log.vkey)[0] == verifier.VERIFIED
    status, said = look(folder, "--log-key", log.vkey, "--earlier", str(earlier))
    assert status == verifier.WRONG
    assert "the log was rewritten" in said


def test_a_log_that_shrank_is_caught_by_an_earlier_checkpoint(log, tmp_path):
    earlier = tmp_path / "kept"
    earlier.write_bytes(log.checkpoint())
    folder = log.publish(tmp_path / "log", 400)
    status, said = look(folder, "--log-key", log.vkey, "--earlier", str(earlier))
    assert status == verifier.WRONG
    assert "The log shrank" in said


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 300, 512, 588])
def test_every_earlier_size_is_consistent(log, folder, tmp_path, size):
    earlier = tmp_path / "kept"
    earlier.write_bytes(log.checkpoint(size))
    status, said = look(folder, "--log-key", log.vkey, "--earlier", str(earlier))
    assert status == verifier.VERIFIED, said


def test_another_key_is_caught_by_the_pinned_one(log, folder):
    forged = PaperLog(log.entries, SigningKey.generate(log.key.name))
    forged.publish(folder)
    status, said = look(folder, "--log-key", log.vkey)
    assert status == verifier.WRONG
    assert "not signed by a key that is trusted here" in said


def test_a_gap_in_a_stream_is_caught(tmp_path):
    entries = [entry(1, stream="a", seq=1), entry(2, stream="a", seq=3)]
    log = PaperLog(entries)
    status, said = look(log.publish(tmp_path), "--log-key", log.vkey)
    assert status == verifier.WRONG
    assert "the stream a goes from 1 to 3" in said


def test_a_gap_between_two_parts_of_the_work_is_caught(tmp_path):
    entries = [entry(n, stream="a", seq=n + 1 + (n >= 64 * 256)) for n in range(64 * 256 + 9)]
    log = PaperLog(entries)
    status, said = look(log.publish(tmp_path), "--log-key", log.vkey)
    assert status == verifier.WRONG
    assert "the stream a goes from 16384 to 16386" in said


@pytest.mark.parametrize(
    "name", ["tile/0/001", "tile/0/002.p/77", "tile/1/000.p/2", "tile/entries/000"]
)
def test_a_missing_file_is_wrong_and_named(log, folder, name):
    (folder / name).unlink()
    status, said = look(folder, "--log-key", log.vkey)
    assert status == verifier.WRONG
    assert "missing" in said


@pytest.mark.parametrize(
    "name", ["tile/0/001", "tile/0/002.p/77", "tile/1/000.p/2", "tile/entries/000"]
)
@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.999])
def test_a_torn_file_is_wrong(log, folder, name, share):
    data = (folder / name).read_bytes()
    (folder / name).write_bytes(data[: int(len(data) * share)])
    assert look(folder, "--log-key", log.vkey)[0] == verifier.WRONG


def test_without_a_key_nothing_is_verified(folder):
    status, said = look(folder)
    assert status == verifier.NOT_CHECKED
    assert "Give the log's key" in said


def test_a_policy_that_asks_for_a_witness_is_kept(log, tmp_path):
    witness = SigningKey.generate("witness.example/w", SignatureType.ED25519_COSIGNATURE)
    modern = SigningKey.generate("witness.example/m", SignatureType.ML_DSA_44_COSIGNATURE)
    policy = tmp_path / "policy"
    policy.write_text(
        f"log {log.vkey}\nwitness one {witness.verifier}\nwitness two {modern.verifier}\n"
        "group both all one two\nquorum both\n"
    )
    seen = log.publish(tmp_path / "seen", None, witness, modern)
    status, said = look(seen, "--policy", str(policy))
    assert status == verifier.VERIFIED
    assert "witnesses" not in said
    half = log.publish(tmp_path / "half", None, witness)
    status, said = look(half, "--policy", str(policy))
    assert status == verifier.WRONG
    assert "The policy asks for the quorum both; cosigned by witness.example/w" in said


def test_a_link_out_of_the_directory_is_refused(log, folder, tmp_path):
    (folder / "tile/entries/000").unlink()
    (tmp_path / "outside").write_bytes(b"")
    (folder / "tile/entries/000").symlink_to(tmp_path / "outside")
    status, said = look(folder, "--log-key", log.vkey)
    assert status == verifier.WRONG
    assert "is a link or a device" in said
