"""Time stamps in packs: which go in, what they show, and what is found when somebody changes them."""

import io
import json
import shutil
import zipfile

import pytest
from django.utils import timezone

from audit.anchors.tokens import request_for
from audit.models import Anchor, Checkpoint
from audit.packs.errors import CannotBuild
from audit.packs.stamps import StampedCheckpoint
from audit.tlog.checkpoints import Checkpoint as Tree
from audit.tlog.keys import SigningKey
from audit.tlog.merkle import leaf_hash
from audit.tlog.notes import Note, sign_checkpoint
from audit.verify import gatehouse_verify as verifier
from tests import factories
from tests.audit.packs.ledger import looked_at, signed_again, stamped, unpacked, zip_of

PLACE = "log/previous-checkpoints/"


def sizes_in(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        told = json.loads(archive.read("ipe_statement.json"))["time_stamps"]
        there = {name.split("/")[2] for name in archive.namelist() if name.startswith(PLACE)}
        assert {str(each["size"]) for each in told} == there
        return [each["size"] for each in told], archive.read("README.txt").decode()


def newest_size():
    return Checkpoint.objects.order_by("-size").first().size


# ── which go in ──────────────────────────────────────────────────────────────────────────────────


def test_a_pack_has_the_newest_stamp_and_the_first_that_covers_its_period(
    ledger, authority, tmp_path
):
    auditor = factories.admin()
    sizes = []
    for name in ("payments", "lending", "cards", "loans"):
        factories.project(name)
        if name == "lending":
            until = timezone.now()
        stamped(ledger.seal(), authority)
        sizes.append(newest_size())
    pack = ledger.pack(auditor, until=until)
    stamped(ledger.seal(), authority)  # after the request: it is not of this pack
    data = zip_of(pack)
    found, readme = sizes_in(data)
    assert found == [sizes[1], sizes[3]]
    for size in found:
        assert f"The log's first {size} entries were there on " in readme
        assert f"-in log/previous-checkpoints/{size}/checkpoint.tsr" in readme
    (tmp_path / "pack.zip").write_bytes(data)
    status, said = looked_at(tmp_path / "pack.zip", "--log-key", ledger.vkey)
    assert status == verifier.VERIFIED, said
    assert said.count("ok time stamps: This log continues the checkpoint over its first") == 2
    # Without an end, or with one that nothing covers yet, there is the newest alone.
    for scope in ({}, {"until": timezone.now()}):
        assert len(sizes_in(zip_of(ledger.pack(auditor, **scope)))[0]) == 1


def test_a_pack_without_a_time_stamp_says_so(kept_full, tmp_path):
    found, readme = sizes_in(kept_full.data)
    assert (found, "no time stamp from outside is in this pack" in readme) == ([], True)
    status, said = looked_at(unpacked(kept_full.data, tmp_path / "pack"))
    assert status == verifier.VERIFIED
    assert "limit time stamps: The pack has no time stamp" in said


def test_no_pack_is_built_with_a_stamp_that_was_moved(ledger, authority):
    note = ledger.seal()
    token = stamped(note, authority)
    kept = Anchor.objects.get()
    other = Note.of(note.encode()).text.replace("\n", "\n1", 1)
    assert StampedCheckpoint.of(note, token).checkpoint.size == kept.checkpoint.size
    with pytest.raises(CannotBuild, match="The time stamp is over something else"):
        StampedCheckpoint.of(note.replace(Note.of(note.encode()).text, other), token)
    with pytest.raises(CannotBuild, match="cannot be read"):
        StampedCheckpoint.of(note, b"no stamp")


# ── what is found ────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def stamp(folder):
    """The directory of the pack's stamped checkpoint."""
    [found] = (folder / PLACE).iterdir()
    return found


def proof_of(folder):
    [found] = (folder / "log/consistency").iterdir()
    return found


def wrong(folder, kept):
    """Return what is said to be wrong; all of it is about time stamps."""
    status, said = looked_at(signed_again(folder, kept.pack_key), "--log-key", kept.vkey)
    assert status == verifier.WRONG, said
    found = [line for line in said.splitlines() if line.startswith("wrong ")]
    assert all(line.startswith("wrong time stamps: ") for line in found), said
    return " ".join(found)


def test_a_stamp_says_when_the_log_was_in_which_state(folder, stamp, kept):
    status, said = looked_at(folder, "--log-key", kept.vkey)
    assert status == verifier.VERIFIED, said
    assert f"over its first {stamp.name} entries, and a stamp over that one says 20" in said
    assert "limit time stamps: That the authority signed them, and when, is for OpenSSL" in said


def test_a_stamp_moved_to_another_checkpoint_is_caught(folder, stamp, kept):
    (stamp / "checkpoint.tsr").write_bytes(kept.tokens[0])
    assert f"The time stamp on {stamp.name} entries is over something else" in wrong(folder, kept)


@pytest.mark.parametrize(
    "token",
    [b"", b"no stamp", b"\x30\x03\x02\x01\x00", b"\x30\x84\xff\xff\xff\xff", "cut"],
    ids=range(5),
)
def test_what_is_no_stamp_is_caught(folder, stamp, kept, token):
    whole = (stamp / "checkpoint.tsr").read_bytes()
    (stamp / "checkpoint.tsr").write_bytes(whole[:90] if token == "cut" else token)
    assert "time stamp" in wrong(folder, kept)


@pytest.mark.parametrize("name", ["checkpoint", "checkpoint.body", "checkpoint.tsr"])
def test_a_part_that_is_missing_is_caught(folder, stamp, kept, name):
    (stamp / name).unlink()
    assert f"{stamp.name}/{name} is missing" in wrong(folder, kept)


def test_a_missing_consistency_proof_is_caught(folder, kept):
    path = proof_of(folder)
    path.unlink()
    assert f"log/consistency/{path.name} is missing" in wrong(folder, kept)


@pytest.mark.parametrize("how", ["changed", "cut", "longer", "empty", "no base64"])
def test_a_broken_consistency_proof_is_caught(folder, kept, how):
    path = proof_of(folder)
    lines = path.read_text().splitlines(keepends=True)
    another = f"{'A' * 43}=\n"
    forged = {
        "changed": [another, *lines[1:]], "cut": lines[:-1], "longer": [*lines, another], "empty": [],
        "no base64": ["?\n", *lines[1:]],
    }  # fmt: skip
    path.write_text("".join(forged[how]))
    assert "does not show that this log continues the stamped checkpoint" in wrong(folder, kept)


def test_a_stamped_checkpoint_of_a_fork_is_caught(folder, stamp, kept, authority):
    """Whoever has the log's key had a second tree stamped; this log does not continue it."""
    fork = Tree(kept.key.name, int(stamp.name), leaf_hash(b"another history"))
    note = sign_checkpoint(fork, [kept.key], at=0)
    put(stamp, note, authority)
    assert "does not show that this log continues the stamped checkpoint" in wrong(folder, kept)


def test_a_stamped_checkpoint_signed_by_a_stranger_is_caught(folder, stamp, kept):
    text = Note.of((stamp / "checkpoint").read_bytes()).text
    thief = SigningKey.generate(kept.key.name)
    (stamp / "checkpoint").write_bytes(bytes(sign_checkpoint(Tree.of_text(text), [thief], at=0)))
    assert "is not signed by a key that is trusted here" in wrong(folder, kept)


def test_a_stamped_checkpoint_under_another_size_is_caught(folder, stamp, kept):
    stamp.rename(stamp.with_name("3"))
    status, said = looked_at(signed_again(folder, kept.pack_key), "--log-key", kept.vkey)
    assert status == verifier.WRONG
    assert f"{PLACE}3/checkpoint is that of {kept.key.name} over {stamp.name} entries" in said
    assert "It tells time stamps on" in said


def test_a_stamp_that_was_taken_out_is_missed_by_the_statement(folder, kept):
    shutil.rmtree(folder / PLACE)
    status, said = looked_at(signed_again(folder, kept.pack_key), "--log-key", kept.vkey)
    assert status == verifier.WRONG
    assert "wrong statement of completeness: It tells time stamps on" in said


@pytest.mark.parametrize("told", [{"at": "2019-01-01T00:00:00.000000Z"}, {"sha256": "0" * 64}])
def test_what_the_statement_tells_of_a_stamp_is_that_of_the_stamp(folder, kept, told):
    path = folder / "ipe_statement.json"
    statement = json.loads(path.read_bytes())
    statement["time_stamps"][0] |= told
    path.write_text(json.dumps(statement))
    status, said = looked_at(signed_again(folder, kept.pack_key), "--log-key", kept.vkey)
    assert status == verifier.WRONG
    assert "It tells of another time stamp on" in said


def test_a_checkpoint_that_an_earlier_key_signed_is_a_limit(folder, stamp, kept):
    """Who names the log's key of today does not call what its key of yesterday signed wrong."""
    text = Note.of((stamp / "checkpoint").read_bytes()).text
    before = SigningKey.generate(kept.key.name)
    (stamp / "checkpoint").write_bytes(bytes(sign_checkpoint(Tree.of_text(text), [before], at=0)))
    with (folder / "log.vkey").open("a") as out:
        out.write(f"{before.verifier}\n")
    status, said = looked_at(signed_again(folder, kept.pack_key), "--log-key", kept.vkey)
    assert status == verifier.VERIFIED, said
    assert "an earlier key by the pack's own word" in said


def put(stamp, note, authority):
    """Put another checkpoint there, with a stamp that is over it."""
    (stamp / "checkpoint").write_bytes(bytes(note))
    (stamp / "checkpoint.body").write_text(note.text)
    request = request_for(note.text.encode())
    (stamp / "checkpoint.tsr").write_bytes(authority.stamp(request.as_bytes()))
