"""The verifier on a published log: what holds, what each kind of edit is caught by, what it cannot tell."""

import json
import os
import shutil
import subprocess
import sys
from types import SimpleNamespace

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


@pytest.mark.parametrize("way", [["--json"], []])
def test_whoever_stops_reading_gets_the_true_status_and_no_traceback(log, folder, way):
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, verifier.__file__, folder, "--log-key", log.vkey, *way],
        stdout=writing, stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    os.close(writing)
    assert (done.returncode, done.stderr) == (verifier.VERIFIED, "")


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


def test_an_earlier_checkpoint_of_another_log_proves_nothing(log, folder, tmp_path):
    """The same entries under another name, signed by a key that is trusted for that one."""
    other = PaperLog(log.entries, SigningKey.generate("other.example/log"))
    earlier = tmp_path / "kept"
    earlier.write_bytes(other.checkpoint(400))
    trusted = ["--log-key", log.vkey, "--log-key", other.vkey]
    status, said = look(folder, *trusted, "--earlier", str(earlier))
    assert status == verifier.WRONG
    assert "is of another log, other.example/log" in said


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


def test_a_cosigner_of_another_name_signs_a_log_as_well(log, tmp_path):
    cosigner = SigningKey.generate("cosigner.example/log", SignatureType.ML_DSA_44_COSIGNATURE)
    folder = log.publish(tmp_path, None, cosigner)
    (folder / "log.vkey").write_text(f"{log.vkey}\n{cosigner.verifier}\n")
    status, said = look(folder, "--log-key", str(folder / "log.vkey"))
    assert status == verifier.VERIFIED, said
    assert "Cosigned" not in said  # the log's own word is no witness's


def test_a_log_s_key_signs_no_log_of_another_name(log, tmp_path):
    other = SigningKey.generate("other.example/log")
    folder = log.publish(tmp_path, None, other)
    status, said = look(folder, "--log-key", str(other.verifier))
    assert status == verifier.WRONG
    assert "is of the log paper.example/log, and signed by other.example/log" in said


@pytest.mark.parametrize(
    ("bent", "told"),
    [
        (entry(1).replace(b'"data":{}', b'"data":{"a":1,"a":2}'), "not in its canonical form"),
        (entry(1).replace(b'"data":{}', b'"data":{"a":1.5}'), "1.5 has no place"),
        (entry(1).replace(b'"data":{}', b'"data":{"a":9007199254740992}'), "beyond those that all"),
        (entry(1).replace(b'"type":"tests', b'"type":"\\u0074ests'), "not in its canonical form"),
    ],
    ids=["twice", "fraction", "number", "spelling"],
)
def test_an_entry_of_two_readings_is_found_when_all_are_read(tmp_path, bent, told):
    log = PaperLog([entry(0), bent])
    log.publish(tmp_path)
    status, said = look(tmp_path, "--log-key", log.vkey)
    assert status == verifier.VERIFIED
    assert "was not looked at: --forms does" in said
    status, said = look(tmp_path, "--log-key", log.vkey, "--forms")
    assert status == verifier.WRONG
    assert "tiles: Entry 1: " in said
    assert told in said


@pytest.mark.parametrize(
    "bent",
    [
        b" " + entry(1),
        entry(1).replace(b'"at":"', b'"at" :"'),
        entry(1).replace(b'"body":{', b'"body":[{'),
        entry(1, stream="thing\\u002f1", seq=1).replace(b"\\\\", b"\\"),
        entry(1) + b" ",
    ],
    ids=["before", "at", "body", "stream", "after"],
)
def test_an_entry_of_another_frame_is_always_found(tmp_path, bent):
    log = PaperLog([entry(0), bent])
    status, said = look(log.publish(tmp_path), "--log-key", log.vkey)
    assert status == verifier.WRONG
    assert "Entry 1" in said


def test_every_entry_of_a_whole_log_is_read_when_that_is_asked_for(log, folder):
    status, said = look(folder, "--log-key", log.vkey, "--forms")
    assert status == verifier.VERIFIED
    assert "--forms" not in said


def whole(path, size):
    report, tiles = verifier.Report(), verifier.Tiles(str(path), "", size)
    wanted = verifier.Wanted(entries=True, period=(b"2026", b"~"))
    try:
        return verifier.rebuild(report, "tiles", verifier.Workers(1), tiles, wanted, whole=True)
    finally:
        verifier.close_sources()


def test_a_change_is_found_in_a_whole_log_however_its_first_entry_spells_what_it_is(tmp_path):
    plain = entry(1, stream="change-request/9", seq=1, kind="releases.submitted")
    odd = plain.replace(b"releases.submitted", b"releases\\u002esubmitted")
    tree = whole(PaperLog([entry(0), odd]).publish(tmp_path), 2)
    assert tree.submitted == [(1, odd)]
    assert tree.active == {b"change-request/9"}
    with pytest.raises(verifier.Refused, match="not in its canonical form"):
        verifier.entry_of(odd)


def test_a_change_that_begins_with_something_else_is_refused(tmp_path):
    first = entry(1, stream="change-request/9", seq=1, kind="releases.other")
    tree = whole(PaperLog([entry(0), first]).publish(tmp_path), 2)
    pack = SimpleNamespace(_verified_tree=lambda: tree)
    with pytest.raises(
        verifier.Refused, match="change-request/9 does not begin with its submission"
    ):
        verifier.Pack._change_in(pack, 1, first)


def settled(number, *refused):
    data = json.dumps({"refused": refused}, separators=(",", ":")).encode()
    plain = entry(number, stream="audit-log/1", seq=1, kind="audit.refusals_settled")
    return plain.replace(b'"data":{}', b'"data":' + data)


@pytest.mark.parametrize(
    ("refused", "status"),
    [
        ([["a", 2], ["a", 3]], verifier.VERIFIED),
        ([["a", 2], ["a", 3], ["a", 9], ["b", 2]], verifier.VERIFIED),
        ([["a", 2]], verifier.WRONG),
        ([["b", 2], ["b", 3]], verifier.WRONG),
        ([["a", 1], ["a", 4]], verifier.WRONG),
        ([], verifier.WRONG),
        (["a"], verifier.WRONG),
        ([["a", "x"]], verifier.WRONG),
    ],
)
def test_only_the_numbers_that_the_log_says_were_refused_may_be_missing(tmp_path, refused, status):
    entries = [entry(1, stream="a", seq=1), entry(2, stream="a", seq=4), settled(3, *refused)]
    log = PaperLog(entries)
    found, said = look(log.publish(tmp_path), "--log-key", log.vkey)
    assert found == status, said
    assert ("that the log itself explains: 1." in said) == (status == verifier.VERIFIED)


@pytest.mark.parametrize(
    "data",
    [
        "5", '"ab"', "[1]", "null", '{"refused":5}', '{"refused":"ab"}', '{"refused":{"a":1}}',
        '{"refused":[1]}', '{"refused":["ab"]}', '{"refused":[null]}', '{"refused":[["a","x"]]}',
        '{"refused":[["a",true]]}', '{"refused":[[1,2]]}', '{"refused":[["a",2,3]]}',
        '{"refused":[[[],{}]]}',
    ],
)  # fmt: skip
def test_what_says_in_another_form_what_was_refused_stops_nobody(tmp_path, data):
    odd = settled(2).replace(b'{"refused":[]}', data.encode())
    log = PaperLog([entry(1, stream="a", seq=1), odd])
    status, said = look(log.publish(tmp_path), "--log-key", log.vkey)
    assert status == verifier.VERIFIED, said


def test_a_log_with_gaps_is_not_said_to_have_none(tmp_path):
    def said_of(log, folder):
        report = verifier.verify(
            str(log.publish(folder)), verifier.Trust([verifier.Key.of(log.vkey)])
        )
        return " ".join(text for kind, _, text in report.findings if kind == "ok")

    entries = [entry(1, stream="a", seq=1), entry(2, stream="a", seq=3)]
    gaps = PaperLog([*entries, settled(3, ["a", 2])])
    assert "without a gap that the log does not explain." in said_of(gaps, tmp_path / "gaps")
    none = PaperLog([entries[0], settled(3)])
    assert "2 streams count up from 1 without a gap." in said_of(none, tmp_path / "none")


ODD_EVENTS = {
    "releases.sealed": "{}",
    "releases.approved": '{"approval":[]}',
    "releases.approvals_voided": '{"approvals":5}',
    "releases.all_rules_met": '{"counted":[1]}',
    "deployments.started": "{}",
    "catalog.artifact_version_registered": '{"digest":{},"kind":"model"}',
}


@pytest.mark.parametrize(("kind", "data"), ODD_EVENTS.items(), ids=ODD_EVENTS)
def test_an_event_of_another_shape_is_named_and_the_story_goes_on(kind, data):
    report = verifier.Report()
    story = verifier.Story(report)
    submitted = entry(0, stream="change-request/1", seq=1, kind="releases.submitted")
    odd = entry(1, stream="change-request/1", seq=2, kind=kind)
    odd = odd.replace(b'"data":{}', b'"data":' + data.encode())
    for number, raw in enumerate([submitted, odd, entry(2, stream="a", seq=1)]):
        story.tell(verifier.Event.of_entry(number, b"", verifier.entry_of(raw)))
    [(status, check, said)] = report.findings
    assert (status, check) == ("wrong", "events")
    assert said.startswith(f"Entry 1 ({kind}) has another shape than the portal gives it")
    assert story.streams["a"] == 1


def test_a_change_for_no_environment_that_has_a_name_is_in_no_pack_of_one():
    change = verifier.Change(1, 0, {"project": "payments", "data": {"environment": ["odd"]}})
    assert not change.is_in({"environment": "production"})
    assert change.is_in({"project": "payments"})


def test_no_entry_explains_that_a_stream_goes_backwards(tmp_path):
    entries = [
        entry(1, stream="a", seq=3),
        entry(2, stream="a", seq=2),
        settled(3, ["a", 1], ["a", 2]),
    ]
    log = PaperLog(entries)
    status, said = look(log.publish(tmp_path), "--log-key", log.vkey)
    assert status == verifier.WRONG
    assert "the stream a goes from 3 to 2" in said
