"""Programs that we did not write say the same about a pack."""

import base64
import hashlib
import json
import shutil
import subprocess
import time
import zipfile

import pytest
from tlog_scales import signing as scales
from tlog_scales.reader import TilesReader
from tlog_scales.tlog import Checkpoint, InclusionProof

from audit.verify import gatehouse_verify as verifier
from tests.audit.packs.ledger import unpacked

ORIGIN = "log.example/gatehouse"


def run(*command, cwd, stdin=None):
    return subprocess.run(command, cwd=cwd, input=stdin, capture_output=True, check=False)


def needs(program):
    return pytest.mark.skipif(
        shutil.which(program) is None, reason=f"{program} is not installed on this machine"
    )


@needs("sha256sum")
def test_sha256sum_checks_every_file(folder):
    done = run("sha256sum", "--check", "--strict", "--quiet", "MANIFEST.sha256", cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr


@needs("sha256sum")
def test_sha256sum_finds_a_changed_file(folder):
    (folder / "README.txt").write_text("Nothing.\n")
    done = run("sha256sum", "--check", "--strict", "--quiet", "MANIFEST.sha256", cwd=folder)
    assert done.returncode == 1
    assert b"README.txt: FAILED" in done.stdout


def ssh_verify(folder):
    return run(
        "ssh-keygen", "-Y", "verify", "-f", "allowed_signers", "-I", ORIGIN, "-n", "gatehouse-pack",
        "-s", "MANIFEST.sha256.sig", cwd=folder, stdin=(folder / "MANIFEST.sha256").read_bytes(),
    )  # fmt: skip


@needs("ssh-keygen")
def test_ssh_keygen_verifies_the_manifest(folder):
    done = ssh_verify(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert b'Good "gatehouse-pack" signature for log.example/gatehouse' in done.stdout


@needs("ssh-keygen")
def test_ssh_keygen_finds_a_changed_manifest(folder):
    with (folder / "MANIFEST.sha256").open("ab") as out:
        out.write(b"\n")
    assert ssh_verify(folder).returncode != 0


def openssl_verify(folder):
    return run(
        "openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "log.pem", "-rawin",
        "-in", "log/checkpoint.body", "-sigfile", "log/checkpoint.sig", cwd=folder,
    )  # fmt: skip


@needs("openssl")
def test_openssl_verifies_the_checkpoint(folder):
    done = openssl_verify(folder)
    assert done.returncode == 0, done.stdout + done.stderr


@needs("openssl")
def test_openssl_finds_a_changed_checkpoint(folder):
    path = folder / "log/checkpoint.body"
    path.write_bytes(path.read_bytes().replace(b"log.example", b"log.exampl3"))
    assert openssl_verify(folder).returncode != 0


def openssl_ts(folder, *more):
    [stamp] = (folder / "log/previous-checkpoints").iterdir()
    return run(
        "openssl", "ts", "-verify", "-CAfile", "log/timestamp-roots.pem", "-data", f"{stamp}/checkpoint.body",
        "-in", f"{stamp}/checkpoint.tsr", *more, cwd=folder,
    )  # fmt: skip


@needs("openssl")
def test_openssl_verifies_the_time_stamp(folder):
    for more in ((), ("-attime", str(int(time.time())))):
        done = openssl_ts(folder, *more)
        assert (done.returncode, done.stdout) == (0, b"Verification: OK\n"), done.stderr


@needs("openssl")
def test_openssl_finds_a_time_stamp_on_something_else(folder):
    [stamp] = (folder / "log/previous-checkpoints").iterdir()
    path = stamp / "checkpoint.body"
    path.write_bytes(path.read_bytes().replace(b"log.example", b"log.exampl3"))
    assert openssl_ts(folder).returncode != 0


@needs("unzip")
def test_unzip_takes_the_pack_apart(kept, tmp_path):
    (tmp_path / "pack.zip").write_bytes(kept.data)
    done = run("unzip", "-tq", "pack.zip", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_pythons_own_zip_reader_agrees(kept, tmp_path):
    (tmp_path / "pack.zip").write_bytes(kept.data)
    with zipfile.ZipFile(tmp_path / "pack.zip") as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) == len(set(archive.namelist()))


def test_tlog_scales_verifies_the_checkpoint_and_every_proof(folder, kept):
    seen = Checkpoint.from_text((folder / "log/checkpoint").read_text())
    seen.verify(scales.Vkey.from_string(kept.vkey))
    proofs = sorted((folder / "samples").rglob("*.tlog-proof"))
    assert len(proofs) > 20
    for path in proofs:
        head, _, note = path.read_text().partition("\n\n")
        lines = head.split("\n")
        assert note == (folder / "log/checkpoint").read_text()
        index, hashes = int(lines[1].split()[1]), [base64.b64decode(line) for line in lines[2:]]
        entry = path.parent.parent / "entries" / f"{path.stem}.json"
        leaf = hashlib.sha256(b"\x00" + entry.read_bytes()).digest()
        InclusionProof(index, seen.size, hashes).check(leaf, seen.root_hash)


def test_tlog_scales_reads_the_tiles_of_a_full_pack(kept_full, tmp_path):
    folder = unpacked(kept_full.data, tmp_path / "pack") / "log"

    class Backend:
        def get(self, *path):
            file = folder.joinpath(*path)
            return file.read_bytes() if file.exists() else None

    reader = TilesReader(Backend())
    seen = reader.get_checkpoint()
    assert reader.calculate_root_hash() == seen.root_hash
    for line in (folder.parent / "formats/events.jsonl").read_bytes().splitlines():
        event = verifier.Event.of_line(line)
        entry = reader.get_entry(event.index)
        assert hashlib.sha256(b"\x00" + entry).digest() == event.leaf


def test_the_leaf_hash_of_an_entry_is_that_of_a_zero_byte_and_the_entry(folder):
    line = (folder / "samples/CR-1/timeline.csv").read_text().splitlines()[1].split(",")
    entry = folder / f"samples/CR-1/entries/{line[1]}.json"
    done = run("sh", "-c", f"(printf '\\000'; cat {entry}) | sha256sum", cwd=folder)
    assert done.stdout.split()[0].decode() == line[-1]


def test_a_statement_about_an_approval_is_signed_and_says_what_was_approved(folder, kept):
    """DSSE, as in-toto's own verifiers read it."""
    lines = (folder / "formats/approvals.intoto.jsonl").read_text().splitlines()
    assert len(lines) == 4
    for line in lines:
        envelope = json.loads(line)
        payload = base64.b64decode(envelope["payload"])
        kind = envelope["payloadType"]
        signed = f"DSSEv1 {len(kind)} {kind} {len(payload)} ".encode() + payload
        [signature] = envelope["signatures"]
        public = kept.pack_key.private.public_key()
        public.verify(base64.b64decode(signature["sig"]), signed)
        statement = json.loads(payload)
        assert statement["_type"] == "https://in-toto.io/Statement/v1"
        assert statement["predicateType"] == "urn:gatehouse:predicate:approval:v1"
        assert len(statement["subject"][0]["digest"]["sha256"]) == 64
        assert statement["predicate"]["decision"] in {"approved", "rejected"}
