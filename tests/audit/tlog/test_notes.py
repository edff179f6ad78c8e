"""Signed notes, checkpoints and proofs; `openssl` and another implementation agree."""

import base64
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tlog_scales import signing, tlog

from audit.tlog.checkpoints import Checkpoint, of_base64
from audit.tlog.errors import InvalidProof, InvalidSignature, Malformed, TlogError
from audit.tlog.keys import SignatureType, SigningKey, VerifierKey
from audit.tlog.merkle import EMPTY_ROOT, leaf_hash, node_hash
from audit.tlog.notes import Note, Signature, open_checkpoint, sign_checkpoint
from audit.tlog.proofs import InclusionProof

ORIGIN = "log.example/gatehouse"
ROOT = bytes(range(32))
HEAD = Checkpoint(ORIGIN, 42, ROOT)

# The example key pair in the documentation of Go's golang.org/x/mod/sumdb/note.
GO_SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
GO_LINE = (
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6"
    "KE6RyyBwJnAM=\n"
)


@pytest.fixture(params=SignatureType, ids=lambda kind: kind.name)
def key(request):
    return SigningKey.generate(ORIGIN, request.param)


def test_go_s_example_key_signs_go_s_example_text():
    key = SigningKey.of(GO_SECRET)
    assert str(key.verifier) == GO_PUBLIC
    assert key.written == GO_SECRET
    line = str(Signature(key.name, key.verifier.key_id, key.sign(GO_TEXT)))
    assert line == GO_LINE
    note = Note.of((GO_TEXT + "\n" + GO_LINE).encode())
    assert note.verified_by([VerifierKey.of(GO_PUBLIC)])[0].key.name == "PeterNeumann"


def test_a_key_survives_being_written(key):
    assert SigningKey.of(key.written) == key
    assert VerifierKey.of(str(key.verifier)) == key.verifier
    assert key.written.split("+")[-1] not in repr(key)


def test_a_checkpoint_is_opened_by_the_key_that_signed_it(key):
    raw = bytes(sign_checkpoint(HEAD, [key], at=1_800_000_000))
    checkpoint, [verified], note = open_checkpoint(raw, [key.verifier])
    assert checkpoint == HEAD
    assert verified.time == (1_800_000_000 if key.type.is_cosignature else None)
    assert bytes(note) == raw
    # And by somebody else's reader.
    read = tlog.Checkpoint.from_text(raw.decode())
    read.verify(signing.Vkey.from_string(str(key.verifier)))


def test_any_other_byte_breaks_the_signature(key):
    raw = bytes(sign_checkpoint(HEAD, [key], at=7))
    for at in range(0, len(raw), 1 if len(raw) < 500 else 37):
        bent = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
        with pytest.raises(TlogError):
            open_checkpoint(bent, [key.verifier])


def test_the_key_of_another_name_or_type_is_another_key(key):
    raw = bytes(sign_checkpoint(HEAD, [key], at=7))
    for other in (key.named("other.example"), SigningKey.generate(ORIGIN, key.type)):
        with pytest.raises(InvalidSignature, match="not signed by a key that is trusted"):
            open_checkpoint(raw, [other.verifier])


def test_unknown_signatures_are_ignored_and_a_known_one_must_hold():
    key, stranger = SigningKey.generate(ORIGIN), SigningKey.generate("stranger.example")
    note = sign_checkpoint(HEAD, [stranger, key], at=0)
    assert len(note.verified_by([key.verifier])) == 1
    assert len(note.verified_by([key.verifier, stranger.verifier])) == 2
    forged = Signature(stranger.name, stranger.verifier.key_id, b"\x00" * 64)
    bent = note.and_signatures([forged])
    assert len(bent.signatures) == 2
    assert len(bent.verified_by([key.verifier])) == 1
    with pytest.raises(InvalidSignature, match="stranger"):
        bent.verified_by([key.verifier, stranger.verifier])
    with pytest.raises(InvalidSignature, match="no key"):
        note.verified_by([])


def test_openssl_verifies_the_signature(tmp_path):
    key = SigningKey.generate(ORIGIN)
    note = sign_checkpoint(HEAD, [key], at=0)
    der = bytes.fromhex("302a300506032b6570032100") + key.verifier.public
    pem = (
        f"-----BEGIN PUBLIC KEY-----\n{base64.b64encode(der).decode()}\n-----END PUBLIC KEY-----\n"
    )
    (tmp_path / "log.pem").write_text(pem)
    (tmp_path / "body").write_bytes(note.text.encode())
    (tmp_path / "sig").write_bytes(note.signatures[0].payload)
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "log.pem", "-rawin"]
    command += ["-in", "body", "-sigfile", "sig"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "Verified Successfully" in done.stdout, done.stderr
    (tmp_path / "body").write_bytes(note.text.encode() + b"x")
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode


def test_another_implementation_s_signatures_are_read():
    signers = [
        signing.PlainEd25519Signer(ORIGIN, b"1" * 32),
        signing.MLDSA44CosignatureSigner("witness.example/w", b"2" * 32),
    ]
    raw = tlog.Checkpoint.make_signed(ORIGIN, 42, ROOT, signers).serialize().encode()
    keys = [VerifierKey.of(signer.vkey.serialize()) for signer in signers]
    checkpoint, verified, _ = open_checkpoint(raw, keys)
    assert checkpoint == HEAD
    assert [each.key.type for each in verified] == [1, 6]
    assert verified[1].time > 1_700_000_000


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"\n", b"text\n", b"text\n\n", b"text\n\nno line\n", b"text\n\n\xe2\x80\x94 a\n",
        b"text\n\n\xe2\x80\x94 a AAAA\n", b"text\n\n\xe2\x80\x94 a AAAAAAA\n",
        b"t\x07\n\n\xe2\x80\x94 a AAAAAAA=\n",
        b"t\xff\n\n\xe2\x80\x94 a AAAAAAA=\n", b"t\n\n\xe2\x80\x94 a AAAAAAA=",
        b"t\n\n\xe2\x80\x94 a+b AAAAAAA=\n",
        b"t\n\n\xe2\x80\x94  a AAAAAAA=\n", b"t\n\n- a AAAAAAA=\n", b"t\r\n\n\xe2\x80\x94 a AAAAAAA=\n",
        b"t\n\n" + b"\xe2\x80\x94 a AAAAAAA=\n" * 101, b"t\n\n\xe2\x80\x94 a AAAAAAB=\n",
    ],
)  # fmt: skip
def test_what_is_no_note_is_refused(raw):
    with pytest.raises(Malformed):
        Note.of(raw)


def test_a_note_may_hold_empty_lines_and_sixteen_signatures():
    keys = [SigningKey.generate(f"k{number}") for number in range(16)]
    text = "one\n\n\ntwo\n"
    lines = tuple(Signature(k.name, k.verifier.key_id, k.sign(text)) for k in keys)
    note = Note.of(bytes(Note(text, lines)))
    assert note.text == text
    assert len(note.verified_by(key.verifier for key in keys)) == 16


@pytest.mark.parametrize(
    "text",
    [
        "", "o\n", "o\n1\n", "o\n1\nAAAA\n", "o\n01\n" + "A" * 43 + "=\n", "o\n-1\n" + "A" * 43 + "=\n",
        "o o\n1\n" + "A" * 43 + "=\n", "\n1\n" + "A" * 43 + "=\n", "o\n1\n" + "A" * 43 + "=",
        "o\n9999999999999999999\n" + "A" * 43 + "=\n", "o\n0\n" + "A" * 43 + "=\n",
        "o\n\u0661\n" + "A" * 43 + "=\n", "o\n1\n" + "A" * 43 + "\n", "o+\n1\n" + "A" * 43 + "=\n",
    ],
)  # fmt: skip
def test_what_is_no_checkpoint_is_refused(text):
    with pytest.raises(Malformed):
        Checkpoint.of_text(text)


def test_extension_lines_are_read_over_and_signed():
    text = HEAD.text + "more\n"
    assert Checkpoint.of_text(text) == HEAD
    key = SigningKey.generate(ORIGIN)
    signed = Note(text, (Signature(key.name, key.verifier.key_id, key.sign(text)),))
    assert open_checkpoint(bytes(signed), [key.verifier])[0] == HEAD


def test_the_empty_tree_has_a_checkpoint():
    empty = Checkpoint(ORIGIN, 0, EMPTY_ROOT)
    assert empty.text.split("\n")[1] == "0"
    assert Checkpoint.of_text(empty.text) == empty


@pytest.mark.parametrize(
    "vkey",
    [
        "", "a", "a+b", "+c74f20a3+ARpc", GO_PUBLIC[:-1], GO_PUBLIC.replace("c7", "c8"), "a b+00000000+AQ==",
        GO_PUBLIC.replace("ARpc", "Ahpc"), "a+00000000+", "a+00000000+AQ==", "a+00000000+!",
    ],
)  # fmt: skip
def test_what_is_no_key_is_refused_without_telling_a_secret(vkey):
    with pytest.raises(Malformed):
        VerifierKey.of(vkey)
    with pytest.raises(Malformed):
        SigningKey.of(vkey)
    with pytest.raises(Malformed) as refused:
        SigningKey.of(f"PRIVATE+KEY+{vkey}")
    assert not vkey[25:] or vkey[25:] not in str(refused.value)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u00a0b"])
def test_a_name_holds_neither_spaces_nor_plus(name):
    with pytest.raises(Malformed):
        SigningKey.generate(name)


def test_a_cosigner_signs_checkpoints_only():
    for kind in (SignatureType.ED25519_COSIGNATURE, SignatureType.ML_DSA_44_COSIGNATURE):
        with pytest.raises(Malformed):
            SigningKey.generate("w", kind).sign("hello\n", at=1)
    with pytest.raises(Malformed, match="longer than 255"):
        SigningKey.generate("w" * 256, SignatureType.ML_DSA_44_COSIGNATURE).sign(HEAD.text)


def proof(extra=None):
    one, two = leaf_hash(b"one"), leaf_hash(b"two")
    key = SigningKey.generate(ORIGIN)
    note = sign_checkpoint(Checkpoint(ORIGIN, 2, node_hash(one, two)), [key], at=0)
    return InclusionProof(1, (one,), bytes(note), extra), key


@pytest.mark.parametrize("extra", [None, b"", b"more"])
def test_a_proof_survives_being_written_and_verifies(extra):
    written, key = proof(extra)
    read = InclusionProof.of(bytes(written))
    assert read == written
    checkpoint, verified = read.verify(b"two", [key.verifier])
    assert checkpoint.size == 2
    assert verified[0].key == key.verifier
    with pytest.raises(InvalidProof):
        read.verify(b"one", [key.verifier])
    with pytest.raises(InvalidSignature):
        read.verify(b"two", [SigningKey.generate(ORIGIN).verifier])


@pytest.mark.parametrize(
    ("part", "other"),
    [
        (b"@v1", b"@v2"), (b"index 1", b"index 01"), (b"index 1\n", b""), (b"index 1", b"index -1"),
        (b"index 1", b"index x"), (b"index", b"Index"), (b"\n\n", b"\n"), (b"@v1\n", b"@v1\nextra !\n"),
        (b"index 1\n", b"index 1\n" + b"AAAA\n" * 64), (b"index 1", b"index \xc2\xb9"),
    ],
)  # fmt: skip
def test_what_is_no_proof_is_refused(part, other):
    written = bytes(proof()[0]).replace(part, other)
    with pytest.raises(TlogError):
        InclusionProof.of(written).verify(b"two", [proof()[1].verifier])


@given(st.binary(max_size=40))
def test_base64_has_one_spelling(data):
    text = base64.b64encode(data).decode()
    assert of_base64(text) == data
    with pytest.raises(Malformed):
        of_base64(text + "\n")


@given(st.binary(max_size=200))
def test_no_bytes_at_all_upset_the_readers(raw):
    for read in (Note.of, InclusionProof.of):
        try:
            read(raw)
        except TlogError:
            continue
