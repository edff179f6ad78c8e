"""Each kind of edit of a pack, and the layer that catches it.

Four attackers: who edits the files; who also holds the key for packs and signs the manifest anew; who also
forges the log with a key of their own; the portal itself, which tells a list wrongly and signs it.
"""

import csv
import hashlib
import io
import json
import shutil

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.packs.signing_key import PackKey
from audit.tlog.checkpoints import Checkpoint
from audit.tlog.keys import SignatureType, SigningKey
from audit.tlog.notes import Note, Signature, sign_checkpoint
from audit.tlog.proofs import InclusionProof
from audit.verify import gatehouse_verify as verifier
from tests.audit.packs.ledger import looked_at, signed_again, unpacked


def wrong(said):
    """Return the checks that found something wrong."""
    return {
        line.removeprefix("wrong ").partition(":")[0]
        for line in said.splitlines()
        if line.startswith("wrong ")
    }


def look(folder, kept):
    status, said = looked_at(folder, "--log-key", kept.vkey)
    assert status == verifier.WRONG, said
    return said


def every_entry(folder):
    return sorted((folder / "samples/CR-1/entries").iterdir())


def entry_of(folder, kind, label="CR-1"):
    """The file of the sample's first entry of that type."""
    for path in sorted((folder / f"samples/{label}/entries").iterdir()):
        if json.loads(path.read_bytes())["body"]["type"] == kind:
            return path
    raise AssertionError(kind)


def edit_rows(path, change):
    """Rewrite a CSV file; `change` gets each row as a dictionary and returns it, or None to drop it."""
    rows = list(csv.DictReader(io.StringIO(path.read_text(), newline="")))
    kept = [row for row in map(change, rows) if row is not None]
    with path.open("w", newline="") as out:
        writer = csv.DictWriter(out, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(kept)


# ── who edits the files: the manifest ────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "name",
    [
        "README.txt", "report.pdf", "index.html", "scope.json", "ipe_statement.json", "log.vkey", "log.pem",
        "policy.tlog", "allowed_signers", "population/change_requests.csv", "formats/events.jsonl",
        "formats/events.csv", "formats/ocsf.jsonl", "samples/CR-1/summary.txt", "log/checkpoint",
    ],
)  # fmt: skip
def test_a_changed_file_is_caught_by_the_manifest(folder, kept, name):
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(data)
    assert "manifest" in wrong(look(folder, kept))


def test_a_file_that_was_put_in_is_caught_by_the_manifest(folder, kept):
    (folder / "samples/CR-1/attachments" / ("0" * 64)).write_bytes(b"x")
    assert "manifest" in wrong(look(folder, kept))


def test_a_file_that_was_taken_out_is_caught_by_the_manifest(folder, kept):
    (folder / "samples/CR-1/timeline.csv").unlink()
    assert "manifest" in wrong(look(folder, kept))


def test_a_changed_manifest_is_caught_by_its_signature(folder, kept):
    path = folder / "README.txt"
    path.write_text(path.read_text() + "Nothing to see here.\n")
    signature = (folder / "MANIFEST.sha256.sig").read_bytes()
    signed_again(folder, kept.pack_key)
    (folder / "MANIFEST.sha256.sig").write_bytes(signature)
    assert wrong(look(folder, kept)) == {"manifest signature"}


def test_a_manifest_signed_by_a_stranger_is_caught_by_the_signers_that_you_know(
    folder, kept, tmp_path
):
    known = tmp_path / "signers"
    known.write_bytes((folder / "allowed_signers").read_bytes())
    stranger = PackKey(Ed25519PrivateKey.generate())
    (folder / "README.txt").write_text("Trust me.\n")
    (folder / "allowed_signers").write_bytes(stranger.allowed_signers("log.example/gatehouse"))
    signed_again(folder, stranger)
    assert looked_at(folder, "--log-key", kept.vkey)[0] == verifier.VERIFIED
    status, said = looked_at(folder, "--log-key", kept.vkey, "--signers", known)
    assert status == verifier.WRONG
    assert "not among the allowed signers" in said


def test_a_signature_for_another_purpose_is_refused(folder, kept):
    path = folder / "MANIFEST.sha256.sig"
    path.write_bytes(path.read_bytes().replace(b"Z2F0ZWhvdXNl", b"Z2F0ZWhvdXNm", 1))
    assert "manifest signature" in wrong(look(folder, kept))


# ── who also signs the manifest anew: the log ────────────────────────────────────────────────────


def test_a_changed_entry_of_a_sample_is_caught_by_its_proof(folder, kept):
    path = entry_of(folder, "releases.approved")
    path.write_bytes(path.read_bytes().replace(b'"outcome":"success"', b'"outcome":"failure"'))
    said = look(signed_again(folder, kept.pack_key), kept)
    assert wrong(said) == {"sample CR-1"}
    assert "does not lead to the root" in said


def test_a_changed_line_is_caught_by_its_leaf_hash(folder, kept):
    path = folder / "formats/events.jsonl"
    path.write_bytes(
        path.read_bytes().replace(b'"type":"releases.rejected"', b'"type":"releases.approved"')
    )
    said = look(signed_again(folder, kept.pack_key), kept)
    assert "another leaf hash" in said


def test_a_changed_line_with_its_leaf_hash_is_caught_by_the_tile(folder, kept):
    path = folder / "formats/events.jsonl"
    lines = path.read_bytes().splitlines()
    number = next(n for n, line in enumerate(lines) if b'"type":"releases.rejected"' in line)
    event = verifier.Event.of_line(lines[number])
    raw = lines[number][9 : lines[number].rfind(b',"index":')].replace(
        b"releases.rejected", b"releases.approved"
    )
    leaf = verifier.leaf_hash(raw).hex().encode()
    lines[number] = b'{"entry":%b,"index":%d,"leaf_hash":"%b"}' % (raw, event.index, leaf)
    path.write_bytes(b"\n".join(lines) + b"\n")
    said = look(signed_again(folder, kept.pack_key), kept)
    assert f"Entry {event.index} is not the one in the log." in said


def test_a_dropped_event_is_caught_by_the_numbers_of_its_stream(folder, kept):
    path = folder / "formats/events.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    number = next(n for n, line in enumerate(lines) if b'"type":"releases.approved"' in line)
    del lines[number]
    path.write_bytes(b"".join(lines))
    said = look(signed_again(folder, kept.pack_key), kept)
    assert {"streams", "statement of completeness", "change requests"} <= wrong(said)


def test_a_stream_cut_at_its_end_is_caught_by_its_count(folder, kept):
    path = folder / "formats/events.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    number = max(n for n, line in enumerate(lines) if b'"s":"change-request/2"' in line)
    del lines[number]
    path.write_bytes(b"".join(lines))
    said = look(signed_again(folder, kept.pack_key), kept)
    assert "CR-2: it says" in said


def test_events_in_another_order_are_refused(folder, kept):
    path = folder / "formats/events.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    lines[3], lines[4] = lines[4], lines[3]
    path.write_bytes(b"".join(lines))
    assert "not in the order of the log" in look(signed_again(folder, kept.pack_key), kept)


def test_a_changed_tile_is_caught_by_the_signed_root(folder, kept):
    [path] = (folder / "log/tile/0").rglob("*.p/*")
    path.write_bytes(bytes(32) + path.read_bytes()[32:])
    said = look(signed_again(folder, kept.pack_key), kept)
    assert "tiles" in wrong(said)
    assert "not the one that was signed" in said


def test_another_name_behind_a_commitment_is_caught(folder, kept):
    path = folder / "samples/CR-1/disclosures.json"
    path.write_bytes(path.read_bytes().replace(b"Sofia Marino", b"Olga Petrova"))
    said = look(signed_again(folder, kept.pack_key), kept)
    assert wrong(said) == {"sample CR-1"}
    assert "is not what was committed to" in said


def test_a_value_shown_for_another_field_is_caught(folder, kept):
    path = folder / "samples/CR-1/disclosures.json"
    given = json.loads(path.read_bytes())
    uid = next(uid for uid, values in given.items() if "reason" in values)
    given[uid]["actor"] = given[uid]["reason"]
    path.write_text(json.dumps(given))
    assert "is not what was committed to" in look(signed_again(folder, kept.pack_key), kept)


def test_another_attachment_is_caught_by_its_digest(folder, kept):
    [path] = (folder / "samples/CR-1/attachments").iterdir()
    path.write_bytes(b"<testsuite/>")
    said = look(signed_again(folder, kept.pack_key), kept)
    assert "holds something else" in said


def test_an_attachment_that_no_entry_names_is_refused(folder, kept):
    name = hashlib.sha256(b"better").hexdigest()
    (folder / "samples/CR-1/attachments" / name).write_bytes(b"better")
    assert "No entry of the sample names" in look(signed_again(folder, kept.pack_key), kept)


def test_a_proof_of_another_entry_is_caught(folder, kept):
    first, second, *_ = every_entry(folder)
    proofs = folder / "samples/CR-1/proofs"
    shutil.copy(proofs / f"{second.stem}.tlog-proof", proofs / f"{first.stem}.tlog-proof")
    assert "does not lead to the root" in look(signed_again(folder, kept.pack_key), kept)


def test_a_proof_to_a_second_tree_under_the_same_key_is_caught(folder, kept):
    """Whoever has the log's key signs a tree for one forged entry, which nobody else ever sees."""
    path = entry_of(folder, "releases.approved")
    forged = path.read_bytes().replace(b'"outcome":"success"', b'"outcome":"failure"')
    path.write_bytes(forged)
    second = Checkpoint(kept.key.name, 1, verifier.leaf_hash(forged))
    note = bytes(sign_checkpoint(second, [kept.key], at=0))
    proof = folder / f"samples/CR-1/proofs/{path.stem}.tlog-proof"
    proof.write_bytes(bytes(InclusionProof(0, (), note)))
    said = look(signed_again(folder, kept.pack_key), kept)
    assert wrong(said) == {"sample CR-1"}
    assert "to another checkpoint than the pack's" in said


def unsigned(note, _):
    lines = note.split(b" ")
    return b" ".join([*lines[:-1], lines[-1][:20] + b"AAAA" + lines[-1][24:]])


def signed_by_a_stranger(note, name):
    text = Note.of(note).text
    stranger = SigningKey.generate(name)
    return bytes(sign_checkpoint(Checkpoint.of_text(text), [stranger], at=0))


@pytest.mark.parametrize(
    ("forged", "told"),
    [(unsigned, "is not over this text"), (signed_by_a_stranger, "not signed by a key")],
)
def test_a_proof_that_would_not_hold_without_its_pack_is_caught(folder, kept, forged, told):
    path = folder / f"samples/CR-1/proofs/{every_entry(folder)[0].stem}.tlog-proof"
    head, gap, note = path.read_bytes().partition(b"\n\n")
    path.write_bytes(head + gap + forged(note, kept.key.name))
    said = look(signed_again(folder, kept.pack_key), kept)
    assert wrong(said) == {"sample CR-1"}
    assert "would not hold alone" in said
    assert told in said


def test_a_proof_with_fewer_witnesses_than_the_policy_asks_for_is_caught(folder, kept, tmp_path):
    witness = SigningKey.generate("witness.example/w", SignatureType.ED25519_COSIGNATURE)
    note = Note.of((folder / "log/checkpoint").read_bytes())
    line = Signature(witness.name, witness.verifier.key_id, witness.sign(note.text, at=9))
    (folder / "log/checkpoint").write_bytes(bytes(note.and_signatures([line])))
    policy = tmp_path / "policy"
    policy.write_text(f"log {kept.vkey}\nwitness w {witness.verifier}\nquorum w\n")
    status, said = looked_at(signed_again(folder, kept.pack_key), "--policy", policy)
    assert status == verifier.WRONG, said
    assert "would not hold alone: The policy asks for the quorum w; cosigned by nobody." in said


def test_a_sample_without_one_of_its_entries_is_caught(folder, kept):
    path = entry_of(folder, "releases.approved")
    path.unlink()
    (folder / f"samples/CR-1/proofs/{path.stem}.tlog-proof").unlink()
    assert "sample CR-1" in wrong(look(signed_again(folder, kept.pack_key), kept))


def test_a_whole_sample_left_out_is_no_contradiction_and_shows_in_the_count(folder, kept):
    shutil.rmtree(folder / "samples/CR-2")
    status, said = looked_at(signed_again(folder, kept.pack_key), "--log-key", kept.vkey)
    assert status == verifier.WRONG, said
    assert "than were drawn" in said


# ── who also forges the log: the key that you know ───────────────────────────────────────────────


def test_a_checkpoint_signed_by_another_key_is_caught_by_the_one_that_you_know(folder, kept):
    note = Note.of((folder / "log/checkpoint").read_bytes())
    thief = SigningKey.generate(kept.key.name)
    forged = sign_checkpoint(Checkpoint.of_text(note.text), [thief], at=0)
    (folder / "log/checkpoint").write_bytes(bytes(forged))
    (folder / "log.vkey").write_text(f"{thief.verifier}\n")
    said = look(signed_again(folder, kept.pack_key), kept)
    assert "not signed by a key that is trusted here" in said


def test_witnesses_that_the_pack_chose_itself_are_a_limit(folder, kept, tmp_path):
    """An invented witness under an invented policy: the quorum is met, and means nothing."""
    invented = SigningKey.generate("witness.example/w", SignatureType.ED25519_COSIGNATURE)
    note = Note.of((folder / "log/checkpoint").read_bytes())
    line = Signature(invented.name, invented.verifier.key_id, invented.sign(note.text, at=9))
    policy = f"log {kept.vkey}\nwitness w {invented.verifier}\nquorum w\n"
    (folder / "policy.tlog").write_text(policy)
    cosigned = bytes(note.and_signatures([line]))
    for path in (folder / "log/checkpoint", *(folder / "samples").rglob("*.tlog-proof")):
        path.write_bytes(path.read_bytes().replace(bytes(note), cosigned))
    signed_again(folder, kept.pack_key)
    limit = "limit witnesses: The policy came with the pack"
    assert limit in looked_at(folder, "--log-key", kept.vkey)[1]
    (tmp_path / "mine").write_text(policy)
    assert limit not in looked_at(folder, "--policy", tmp_path / "mine")[1]


@pytest.mark.parametrize(
    ("options", "status", "told"),
    [
        ("", verifier.VERIFIED, "Signed by"),
        ('namespaces="file,gatehouse-pack"', verifier.VERIFIED, "Signed by"),
        ('namespaces="git"', verifier.WRONG, "may sign for git, not for gatehouse-pack"),
        ('valid-before="20200101"', verifier.NOT_CHECKED, "has options that ssh-keygen understands"),
        ('namespaces="!gatehouse-pack"', verifier.NOT_CHECKED, "has options that ssh-keygen"),
        ("cert-authority", verifier.NOT_CHECKED, "has options that ssh-keygen understands"),
    ],
)  # fmt: skip
def test_what_the_allowed_signers_limit_is_not_passed_over(
    folder, kept, tmp_path, options, status, told
):
    known = tmp_path / "signers"
    known.write_text(f"# auditors\nauditor {options} {kept.pack_key.public_line}\n")
    found, said = looked_at(folder, "--log-key", kept.vkey, "--signers", known)
    assert found == status, said
    assert told in said


def test_a_size_that_was_changed_is_caught_by_the_signature(folder, kept):
    path = folder / "log/checkpoint"
    lines = path.read_text().split("\n")
    lines[1] = str(int(lines[1]) + 1)
    path.write_text("\n".join(lines))
    assert "checkpoint" in wrong(look(signed_again(folder, kept.pack_key), kept))


@pytest.mark.parametrize("name", ["log/checkpoint.body", "log/checkpoint.sig", "log.pem"])
def test_what_openssl_is_given_must_be_the_checkpoint(folder, kept, name):
    other = {"log/checkpoint.body": b"x\n", "log/checkpoint.sig": bytes(64)}
    pem = (folder / "log.pem").read_bytes().replace(b"MCowBQYDK2VwAyEA", b"MCowBQYDK2VwAyEB")
    (folder / name).write_bytes(other.get(name, pem))
    assert wrong(look(signed_again(folder, kept.pack_key), kept)) == {"openssl files"}


def test_an_earlier_checkpoint_that_you_kept_must_be_continued(folder, kept, tmp_path):
    size = verifier.Checkpoint.of_text(Note.of((folder / "log/checkpoint").read_bytes()).text).size
    other = sign_checkpoint(Checkpoint(kept.key.name, size - 5, bytes(32)), [kept.key], at=0)
    (tmp_path / "earlier").write_bytes(bytes(other))
    status, said = looked_at(folder, "--log-key", kept.vkey, "--earlier", tmp_path / "earlier")
    assert status == verifier.WRONG
    assert "the log was rewritten" in said


# ── the portal itself: what the entries say ──────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("state", "rejected"), ("requested_by", "usr_somebody"), ("approved_by", "usr_somebody"),
        ("content_digest", "sha256:" + "0" * 64), ("environment", "production"), ("last_leaf", "1"),
        ("events", "3"),
    ],
)  # fmt: skip
def test_a_row_that_says_otherwise_is_caught_by_the_entries(folder, kept, column, value):
    edit_rows(
        folder / "population/change_requests.csv",
        lambda row: {**row, column: value} if row["change_request"] == "CR-1" else row,
    )
    said = look(signed_again(folder, kept.pack_key), kept)
    assert "wrong change requests: CR-1: " in said


def test_a_row_left_out_is_caught_by_the_entries_and_the_statement(folder, kept):
    edit_rows(
        folder / "population/change_requests.csv",
        lambda row: None if row["change_request"] == "CR-2" else row,
    )
    said = look(signed_again(folder, kept.pack_key), kept)
    assert "CR-2 is in the log and not in the list" in said
    assert "statement of completeness" in wrong(said)


def test_a_row_that_nobody_recorded_is_caught(folder, kept):
    path = folder / "population/change_requests.csv"
    row = path.read_text().splitlines()[1].replace("CR-1", "CR-77", 1)
    path.write_text(path.read_text() + row + "\r\n")
    assert "CR-77: its 14 entries are not in the pack" in look(
        signed_again(folder, kept.pack_key), kept
    )


@pytest.mark.parametrize(
    ("name", "check"), [("approvals", "approvals"), ("deployments", "deployments")]
)
def test_a_list_without_one_of_its_rows_is_caught_by_the_entries(folder, kept, name, check):
    seen = []
    edit_rows(
        folder / f"population/{name}.csv",
        lambda row: (seen.append(row), None if len(seen) == 1 else row)[1],
    )
    said = look(signed_again(folder, kept.pack_key), kept)
    assert check in wrong(said)
    assert "is not in the list" in said


def test_a_signature_told_as_somebody_elses_is_caught(folder, kept):
    edit_rows(folder / "population/approvals.csv", lambda row: {**row, "person": "usr_somebody"})
    assert "approvals" in wrong(look(signed_again(folder, kept.pack_key), kept))


def test_a_statement_about_another_tree_is_refused(folder, kept):
    path = folder / "ipe_statement.json"
    statement = json.loads(path.read_bytes())
    statement["log"]["size"] += 1
    path.write_text(json.dumps(statement))
    assert "another checkpoint" in look(signed_again(folder, kept.pack_key), kept)


def test_a_narrower_scope_than_the_list_was_drawn_with_is_refused(folder, kept):
    path = folder / "scope.json"
    scope = json.loads(path.read_bytes())
    scope["environment"] = "production"
    path.write_text(json.dumps(scope))
    assert "another scope" in look(signed_again(folder, kept.pack_key), kept)


def test_counts_that_differ_are_wrong_even_if_the_pack_says_so_itself(folder, kept):
    path = folder / "ipe_statement.json"
    statement = json.loads(path.read_bytes())
    statement["reconciliation"][0] |= {"actual": 1, "result": "different"}
    path.write_text(json.dumps(statement))
    assert "The portal itself says" in look(signed_again(folder, kept.pack_key), kept)


def test_in_full_mode_a_change_hidden_everywhere_is_caught_by_the_whole_log(kept_full, tmp_path):
    folder = unpacked(kept_full.data, tmp_path / "pack")
    edit_rows(
        folder / "population/change_requests.csv",
        lambda row: None if row["change_request"] == "CR-2" else row,
    )
    edit_rows(
        folder / "population/approvals.csv",
        lambda row: None if row["change_request"] == "CR-2" else row,
    )
    path = folder / "formats/events.jsonl"
    lines = [
        line
        for line in path.read_bytes().splitlines(keepends=True)
        if b'"s":"change-request/2"' not in line
    ]
    path.write_bytes(b"".join(lines))
    shutil.rmtree(folder / "samples/CR-2")
    statement = json.loads((folder / "ipe_statement.json").read_bytes())
    counts = {
        "population/change_requests.csv": 2,
        "population/approvals.csv": 3,
        "formats/events.jsonl": len(lines),
    }
    for each in statement["files"]:
        each["rows"] = counts.get(each["path"], each["rows"])
    (folder / "ipe_statement.json").write_text(json.dumps(statement))
    said = look(signed_again(folder, kept_full.pack_key), kept_full)
    assert "CR-2 is in the log and in scope, and not in the list" in said
    assert wrong(said) == {"whole log"}
