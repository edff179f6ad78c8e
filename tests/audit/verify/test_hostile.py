"""Packs made to harm whoever checks them: nothing is written, nothing hangs, nothing crashes."""

import io
import json
import struct
import subprocess
import sys
import time
import zipfile

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.tlog.keys import SignatureType, SigningKey
from audit.verify import gatehouse_verify as verifier
from tests.audit.verify.paper import PaperLog, entry


@pytest.fixture
def look(tmp_path):
    def run(data, name="pack.zip"):
        path = tmp_path / name
        path.write_bytes(data)
        report = verifier.verify(str(path), verifier.Trust())
        said = " ".join(sentence for _, _, sentence in report.all_findings())
        return report.status(strict=False), said

    return run


def zipped(*members, **options):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize(
    "name",
    [
        "../evil", "/etc/passwd", "a/../../b", "a//b", "./a", "a\\b", "C:\\x", "a b", "a\nb", ".hidden",
        "-rf", "x" * 300, "a/", "ü", "a/" * 20 + "b", "CON:",
    ],
)  # fmt: skip
def test_a_name_that_leads_elsewhere_is_refused(look, name):
    status, said = look(zipped((name, b"x")))
    assert status == verifier.WRONG
    assert "a member with the name" in said


def test_two_members_of_one_name_are_refused(look):
    with pytest.warns(UserWarning, match="Duplicate name"):
        data = zipped(("scope.json", b"{}"), ("scope.json", b"[]"))
    assert "two members with the name scope.json" in look(data)[1]


def test_a_link_is_refused(look):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        member = zipfile.ZipInfo("scope.json")
        member.external_attr = 0o120777 << 16
        archive.writestr(member, "/etc/passwd")
    assert "is a link or a device" in look(out.getvalue())[1]


def test_a_bomb_is_not_opened(look):
    bomb = zipped(("formats/events.jsonl", b"\x00" * (400 * 1024 * 1024)))
    began = time.process_time()
    status, said = look(bomb)
    assert status == verifier.WRONG
    assert "it looks like a bomb" in said
    assert time.process_time() - began < 1


def test_members_that_share_their_bytes_are_refused(look):
    """Each of many members points to the same large one, as in Fifield's bomb."""
    data = bytearray(zipped(("a", b"x" * 2_000_000)))
    at = data.rindex(b"PK\x01\x02")
    end = data.rindex(b"PK\x05\x06")
    entry = bytes(data[at:end])
    entries = b"".join(entry[:46] + name.encode() + entry[47:] for name in "abcdefgh" * 1)
    record = bytearray(data[end:])
    struct.pack_into("<HHI", record, 8, 8, 8, len(entries))
    status, said = look(bytes(data[:at]) + entries + bytes(record))
    assert status == verifier.WRONG
    assert "overlap" in said or "differ" in said


def test_an_encrypted_member_is_refused(look):
    data = bytearray(zipped(("scope.json", b"{}")))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    assert "is encrypted" in look(bytes(data))[1]


def test_a_size_that_lies_is_found_while_reading(look):
    data = bytearray(zipped(("scope.json", b"{}" * 5000)))
    struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 24, 7)
    assert look(bytes(data))[0] == verifier.WRONG


@pytest.mark.parametrize("cut", [0.1, 0.5, 0.9, 0.99])
def test_a_torn_file_is_no_pack(look, cut):
    data = zipped(("scope.json", b"{}"), ("MANIFEST.sha256", b""))
    assert look(data[: int(len(data) * cut)])[0] in {verifier.WRONG, verifier.NOT_CHECKED}


@settings(max_examples=150)
@given(data=st.data())
def test_any_byte_of_a_small_pack_may_be_anything(tmp_path_factory, data):
    members = (
        ("scope.json", b"{}"),
        ("MANIFEST.sha256", b"0" * 64 + b"  scope.json\n"),
        ("log.vkey", b"x+1+y\n"),
    )
    raw = bytearray(zipped(*members))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("any") / "pack.zip"
    path.write_bytes(raw)
    report = verifier.verify(str(path), verifier.Trust())
    assert report.status(strict=False) != verifier.VERIFIED


NESTED = b'{"a":' * 100_000 + b"1" + b"}" * 100_000


@pytest.mark.parametrize(
    "document",
    [
        NESTED,
        b"[" * 200_000,
        b'{"a":1,"a":2}',
        b"\xff\xfe",
        b"1" * 10_000,
        b"",
        b"null",
        b'{"scope":[]}',
        b"NaN",
    ],
)
def test_a_document_that_is_none_is_said_to_be_none(look, document):
    status, _ = look(zipped(("scope.json", document), ("ipe_statement.json", document)))
    assert status == verifier.WRONG


@pytest.mark.parametrize(
    "line",
    [
        b"x" * 5_000_000, b'{"entry":' + NESTED + b',"index":0,"leaf_hash":"' + b"0" * 64 + b'"}\n',
        b'{"entry":{},"index":00,"leaf_hash":"x"}\n', b"\n\n\n", b'{"entry":[],"index":0}\n',
    ],
)  # fmt: skip
def test_a_line_that_is_none_is_said_to_be_none(look, line):
    assert look(zipped(("formats/events.jsonl", line)))[0] == verifier.WRONG


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"\n\n",
        b"a\n1\nAA==\n\n\xe2\x80\x94 a AAAA\n",
        b"\x00",
        b"a\n" * 100_000,
        "a\n1\n\n— x y\n".encode(),
    ],
)
def test_a_checkpoint_that_is_none_is_said_to_be_none(look, note):
    assert look(zipped(("log/checkpoint", note), ("log.vkey", b"")))[0] == verifier.WRONG


WITNESS = str(SigningKey("w", SignatureType.ED25519_COSIGNATURE, bytes(32)).verifier)


@pytest.mark.parametrize(
    "policy",
    [
        "quorum all", "witness a", "group g 3 a b\nquorum g", "quorum none\nquorum none", "log x", "nonsense",
        "group g all g\nquorum g", "", f"witness a {WITNESS}\nwitness b {WITNESS}\nquorum a",
        f"log {WITNESS}\nlog {WITNESS}\nquorum none", f"witness a {WITNESS}\ngroup g 2 a a\nquorum g",
        f"witness a {WITNESS}\ngroup g any a\ngroup h any a\nquorum h",
        f"witness a {WITNESS}\ngroup g +1 a\nquorum g",
    ],
)  # fmt: skip
def test_a_policy_that_makes_no_sense_is_refused(policy):
    with pytest.raises(verifier.Refused):
        verifier.Policy.of(policy.encode())


def test_a_manifest_that_names_what_is_outside_is_refused(tmp_path, look):
    (tmp_path / "secret").write_text("x")
    status, said = look(zipped(("MANIFEST.sha256", b"0" * 64 + b"  ../secret\n")))
    assert status == verifier.WRONG
    assert "is none, or names a file again" in said


@pytest.mark.parametrize(
    "signature", [b"", b"-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n"]
)
def test_a_signature_that_is_none_is_refused(signature):
    with pytest.raises(verifier.Refused):
        verifier.verify_sshsig(signature, b"", io.BytesIO(), "x")


def test_what_it_prints_cannot_move_the_cursor(tmp_path):
    (tmp_path / "MANIFEST.sha256").write_bytes(b"\x1b[2J\x1b[31mVERIFIED\n")
    done = subprocess.run(
        [sys.executable, verifier.__file__, tmp_path, "--jobs", "1"],
        capture_output=True,
        check=False,
    )
    assert done.returncode == verifier.WRONG
    assert b"\x1b" not in done.stdout


def test_it_writes_one_json_document_when_asked(tmp_path, capsys):
    (tmp_path / "MANIFEST.sha256").write_bytes(b"")
    assert verifier.main([str(tmp_path), "--json", "--jobs", "1"]) == verifier.WRONG
    document = json.loads(capsys.readouterr().out)
    assert document["status"] == verifier.WRONG
    assert {"kind", "check", "sentence"} == set(document["findings"][0])


def test_without_the_package_for_signatures_nothing_is_verified(monkeypatch, tmp_path):
    log = PaperLog([entry(1)])
    log.publish(tmp_path)
    monkeypatch.setattr(verifier, "Ed25519PublicKey", None)
    report = verifier.verify(str(tmp_path), verifier.Trust([verifier.Key.of(log.vkey)]))
    assert report.status(strict=False) == verifier.NOT_CHECKED
    assert "pip install cryptography" in report.findings[0][2]


def test_the_eleventh_of_a_kind_is_only_counted():
    report = verifier.Report()
    for number in range(25):
        report.wrong("x", str(number))
    found = report.all_findings()
    assert len(found) == 11
    assert found[-1][2] == "… and 15 more of this kind."


def test_a_limit_counts_when_one_is_strict():
    report = verifier.Report()
    report.ok("a", "b")
    report.limit("a", "c")
    assert report.status(strict=False) == verifier.VERIFIED
    assert report.status(strict=True) == verifier.NOT_CHECKED
    assert verifier.Report().status(strict=False) == verifier.NOT_CHECKED


@pytest.mark.parametrize(
    "error",
    [AttributeError("x"), UnsupportedAlgorithm("x"), zipfile.BadZipFile("x"), AssertionError("x")],
    ids=lambda each: type(each).__name__,
)
def test_whatever_a_check_raises_is_a_finding(error):
    report = verifier.Report()
    with verifier.Check(report, "a"):
        raise error
    assert report.status(strict=False) == verifier.WRONG


def test_an_interruption_is_no_finding():
    with pytest.raises(KeyboardInterrupt), verifier.Check(verifier.Report(), "a"):
        raise KeyboardInterrupt
