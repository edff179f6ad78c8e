"""Checkpoint, tiles and proofs over REST, verified by what did not make them."""

import base64

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tlog_scales import signing as scales
from tlog_scales.tlog import Checkpoint, ConsistencyProof, InclusionProof

from audit.models import Event, Leaf
from audit.sealing import Seal, Sealing, sealing_of
from audit.tlog.keys import SignatureType, SigningKey
from audit.tlog.merkle import leaf_hash
from audit.tlog.notes import Note, Signature
from audit.tlog.proofs import InclusionProof as Proof
from audit.tlog.tiles import decode_bundle
from tests.support.log import Signing, connected, sequence, write

pytestmark = pytest.mark.django_db(transaction=True)

LOG = "/api/v1/audit/log"


@pytest.fixture
def log(world, tmp_path, settings):
    signing = Signing(tmp_path)
    settings.LOG_ROOT = signing.root
    assert world.version()
    sequence()
    signing.sign()
    return signing


def event_of(project):
    return Event.objects.filter(project=project, leaf__isnull=False).latest("pk")


def test_a_stranger_verifies_an_event_with_its_proof_and_the_log_s_key(world, log):
    event = event_of("payments")
    answer = world.as_("audrey").get(f"/api/v1/audit/events/{event.uid}/proof")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain")
    entry = world.as_("audrey").get(f"/api/v1/audit/events/{event.pk}/").json()["entry"].encode()
    proof = Proof.of(answer.content)
    checkpoint, _ = proof.verify(entry, [log.key.verifier])
    assert proof.index == event.leaf.idx
    read = Checkpoint.from_text(proof.checkpoint.decode())
    read.verify(scales.Vkey.from_string(str(log.key.verifier)))
    path = InclusionProof(proof.index, read.size, list(proof.path))
    path.check(leaf_hash(entry), read.root_hash)
    assert checkpoint.size == read.size


def test_every_event_has_a_proof(world, log):
    write(times=300)
    sequence()
    log.sign()
    client = world.as_("admin")
    for event in Event.objects.order_by("?")[:30]:
        answer = client.get(f"/api/v1/audit/events/{event.uid}/proof")
        Proof.of(answer.content).verify(bytes(event.entry), [log.key.verifier])


def test_an_event_that_is_not_sealed_yet_says_so_and_when_to_come_back(world, log):
    world.version()
    waiting = Event.objects.latest("pk")
    for prepare in (lambda: None, sequence):
        prepare()
        answer = world.as_("audrey").get(f"/api/v1/audit/events/{waiting.uid}/proof")
        assert answer.status_code == 409
        assert "about a second" in answer.json()["detail"]
        assert answer["Retry-After"] == "1"
    log.sign()
    assert world.as_("audrey").get(f"/api/v1/audit/events/{waiting.uid}/proof").status_code == 200


def test_a_proof_is_for_those_who_may_read_the_event(world, log):
    path = f"/api/v1/audit/events/{event_of('payments').uid}/proof"
    assert world.as_("vera").get(path).status_code == 403
    assert world.as_("audrey").get(path.replace("payments", "x")).status_code == 200
    nobody = "00000000-0000-4000-8000-000000000000"
    assert world.as_("audrey").get(f"/api/v1/audit/events/{nobody}/proof").status_code == 404


def test_checkpoint_and_tiles_are_those_that_were_published(world, log):
    client = world.as_("audrey")
    answer = client.get(f"{LOG}/checkpoint")
    assert answer.content == log.files.checkpoint()
    assert answer["Cache-Control"] == "no-cache"
    size = log.checkpoint.size
    tile = client.get(f"{LOG}/tile/0/000.p/{size}")
    assert tile.content == b"".join(bytes(each.leaf_hash) for each in Leaf.objects.order_by("idx"))
    assert "immutable" in tile["Cache-Control"]
    for missing in (
        "0/001",
        "0/000",
        "0/000.p/200",
        "1/000",
        "nonsense",
        "../checkpoint",
        "entries/x",
    ):
        assert client.get(f"{LOG}/tile/{missing}").status_code == 404, missing
    anonymous = world.as_("audrey").__class__()
    assert anonymous.get(f"{LOG}/checkpoint").status_code == 401
    accepts_text = client.get(f"{LOG}/checkpoint", headers={"Accept": "text/plain"})
    assert accepts_text.status_code == 200


def test_the_entries_are_for_those_who_may_read_the_whole_log(world, log):
    path = f"{LOG}/tile/entries/000.p/{log.checkpoint.size}"
    refused = world.as_("audrey").get(path)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_permitted")
    entries = decode_bundle(world.as_("admin").get(path).content)
    assert entries == [
        bytes(event.entry)
        for event in Event.objects.filter(leaf__isnull=False).order_by("leaf__idx")
    ]


def test_any_two_sizes_are_shown_to_be_one_log(world, log):
    first = log.checkpoint
    write(times=290)
    sequence()
    log.sign()
    last = log.checkpoint
    client = world.as_("audrey")
    shown = client.get(f"{LOG}/consistency?from={first.size}").json()
    assert Note.of(shown["earlier"]["checkpoint"].encode()).text == first.text
    assert Note.of(shown["later"]["checkpoint"].encode()).text == last.text
    hashes = [base64.b64decode(each) for each in shown["hashes"]]
    ConsistencyProof(first.size, last.size, hashes).check(first.root, last.root)
    between = client.get(f"{LOG}/consistency?from={first.size}&to=200").json()
    assert between["later"] == {"size": 200, "checkpoint": None}
    same = client.get(f"{LOG}/consistency?from={last.size}&to={last.size}").json()
    assert same["hashes"] == []
    for query in (
        "",
        "?from=0",
        "?from=x",
        "?from=2&to=1",
        f"?from=1&to={last.size + 1}",
        "?from=01",
    ):
        assert client.get(f"{LOG}/consistency{query}").status_code == 400, query


def test_before_anything_is_signed_there_is_nothing_to_read(world, tmp_path, settings):
    settings.LOG_ROOT = tmp_path
    client = world.as_("admin")
    for path in (f"{LOG}/checkpoint", f"{LOG}/consistency?from=1", f"{LOG}/tile/0/000"):
        assert client.get(path).status_code == 404


def test_files_that_this_process_cannot_read_are_said_to_be_so(world, log, settings, tmp_path):
    settings.LOG_ROOT = tmp_path / "elsewhere"
    event = event_of("payments")
    answer = world.as_("audrey").get(f"/api/v1/audit/events/{event.uid}/proof")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")


# ── badges ───────────────────────────────────────────────────────────────────────────────────────


def test_an_event_is_recorded_then_sealed_then_witnessed(world, log):
    old = event_of("payments")
    world.version()
    new = Event.objects.latest("pk")
    size = log.checkpoint.size
    assert sealing_of([old.pk, new.pk]) == {
        old.pk: Sealing(Seal.SEALED, old.leaf.idx, size),
        new.pk: Sealing(Seal.RECORDED),
    }
    sequence()
    assert sealing_of([new.pk])[new.pk] == Sealing(Seal.RECORDED, new.leaf.idx)
    log.sign()
    assert sealing_of([new.pk])[new.pk].seal is Seal.SEALED
    with connected("signer") as signer:
        signer.execute(
            "INSERT INTO audit_quorum (checkpoint_id) SELECT id FROM audit_checkpoint WHERE size = %s",
            [size],
        )
    assert [each.seal for each in sealing_of([old.pk, new.pk]).values()] == [
        Seal.WITNESSED,
        Seal.SEALED,
    ]
    with CaptureQueriesContext(connection) as queries:
        sealing_of(range(1, 200))
    assert len(queries) == 1


def test_a_proof_carries_the_cosignatures_that_came_since(world, log):
    witness = SigningKey.generate("w.example", SignatureType.ED25519_COSIGNATURE)
    note = Note.of(log.files.checkpoint())
    line = Signature(witness.name, witness.verifier.key_id, witness.sign(note.text, at=77))
    with connected("signer") as signer:
        signer.execute(
            "INSERT INTO audit_cosignature (checkpoint_id, name, key_id, line, stated_at)"
            " SELECT id, %s, %s, %s, to_timestamp(77) FROM audit_checkpoint",
            [witness.name, witness.verifier.key_id.hex(), str(line)],
        )
    event = event_of("payments")
    answer = world.as_("audrey").get(f"/api/v1/audit/events/{event.uid}/proof")
    keys = [log.key.verifier, witness.verifier]
    _, verified = Proof.of(answer.content).verify(bytes(event.entry), keys)
    assert [each.time for each in verified] == [None, 77]
