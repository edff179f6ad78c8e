"""Verifying an event now: each step looks for itself, and says what it saw."""

# ruff: noqa: S608 -- the statements are this file's own

import shutil

import pytest
from django.db import transaction

from audit.models import Disclosure, Event
from audit.proving import DONE, ERRORED, FAILED, SKIPPED, WAITING, ProvenPage, prove, prove_all
from audit.record import record
from audit.tlog.keys import SignatureType, SigningKey
from audit.tlog.notes import Note, Signature
from tests.audit.attacks.forgery import AT_7, ENTRY, FACTS, REHASH, RELEAF, forge_the_whole_tree
from tests.audit.conftest import Happened, Somebody, Thing
from tests.audit.sealing import SealedLog, tamper
from tests.support.log import connected, sequence, write
from tests.support.removal import say_pruned

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def log(tmp_path, settings):
    sealed = SealedLog(tmp_path, settings)
    sealed.grow(20)
    return sealed


def at(index):
    return Event.objects.get(leaf__idx=index)


def states(event):
    return {check.name: check.state for check in prove(event).checks}


def test_a_sealed_event_verifies_step_by_step(log):
    proven = prove(at(7))
    assert proven.state == DONE
    assert {check.name: check.state for check in proven.checks} == {
        "Entry": DONE,
        "What pages show": DONE,
        "Number in its stream": DONE,
        "Place in the log": DONE,
        "Inclusion": DONE,
        "Signature of the log": DONE,
        "Witnesses": SKIPPED,
        "Names and texts": SKIPPED,
    }
    said = " ".join(check.detail for check in proven.checks)
    assert "It is number 8 of 20 in thing/1" in said
    assert "at index 7" in said
    assert "signed over 20 entries" in said
    assert log.key.verifier.key_id.hex() in said


@pytest.mark.parametrize("index", [0, 1, 18, 19])
def test_every_place_of_the_tree_can_be_verified(log, index):
    assert prove(at(index)).state == DONE


@pytest.mark.parametrize(
    ("statements", "failed"),
    [
        ([ENTRY], {"Entry", "What pages show", "Place in the log", "Inclusion"}),
        ([ENTRY, REHASH, FACTS], {"Place in the log", "Inclusion"}),
        ([ENTRY, REHASH, FACTS, RELEAF], {"Inclusion"}),
        ([f"UPDATE audit_event SET actor = 'usr_2' WHERE id = {AT_7}"], {"What pages show"}),
        (
            [f"UPDATE audit_event SET recorded_at = now() WHERE id = {AT_7}"],
            {"What pages show"},
        ),
        (
            [
                "DELETE FROM audit_event WHERE id = (SELECT event_id FROM audit_leaf WHERE idx = 6)",
                "DELETE FROM audit_leaf WHERE idx = 6",
            ],
            {"Number in its stream"},
        ),
        (
            [f"UPDATE audit_event SET entry = '\\xff' WHERE id = {AT_7}"],
            {"Entry", "What pages show", "Place in the log", "Inclusion"},
        ),
    ],
    ids=[
        "entry", "entry and hash", "entry, hash and leaf", "actor", "time", "neighbour", "unreadable",
    ],
)  # fmt: skip
def test_what_a_superuser_changed_is_seen_in_the_steps_that_must_see_it(log, statements, failed):
    tamper(*statements)
    proven = prove(at(7))
    assert proven.state == FAILED
    assert {check.name for check in proven.checks if check.state == FAILED} == failed
    assert len(proven.failures) == len(failed)


def test_a_whole_tree_that_was_forged_does_not_lead_to_the_signed_root(log):
    forge_the_whole_tree()
    assert states(at(7))["Inclusion"] == FAILED


def test_a_checkpoint_that_another_key_signed_is_not_trusted(log):
    other = SigningKey.generate(log.key.name)
    (log.root / "log.vkey").write_text(f"{other.verifier}\n")
    proven = prove(at(7))
    assert proven.state == FAILED
    assert "not signed by a key that is trusted here" in proven.failures[0]


def test_a_policy_that_cannot_be_read_is_said(log, settings):
    settings.WITNESS_POLICY_FILE = str(log.root / "nothing")
    assert "The witness policy" in prove(at(7)).failures[0]


def test_tiles_that_cannot_be_read_are_no_proof_of_anything(log):
    shutil.rmtree(log.root / "tile")
    proven = prove(at(7))
    assert proven.state == ERRORED
    assert "cannot be read here" in proven.failures[0]


def test_what_has_no_place_or_no_signature_yet_waits(log):
    write("thing/2", 1)
    new = Event.objects.latest("pk")
    assert states(new)["Place in the log"] == WAITING
    sequence()
    assert states(new)["Signed checkpoint"] == WAITING
    assert prove(new).failures == []


def test_names_and_texts_are_compared_with_what_the_entry_commits_to(log, event_names):
    with transaction.atomic():
        receipt = record(
            Happened.NAMED,
            subject=Thing(9),
            by=Somebody(),
            private={"person": "Dana", "what": "a reason"},
        )
    event = Event.objects.get(pk=receipt.event_id)
    assert states(event)["Names and texts"] == DONE
    with transaction.atomic():
        Disclosure.objects.filter(pk=event.pk).delete()
        say_pruned()
    erased = prove(event).checks[-1]
    assert (erased.state, erased.detail.endswith("3 more were erased.")) == (DONE, True)


@pytest.fixture
def witness(log, settings):
    key = SigningKey.generate("witness.example/w1", SignatureType.ED25519_COSIGNATURE)
    file = log.root / "policy"
    file.write_text(
        f"log {log.key.verifier}\nwitness w1 {key.verifier} https://witness.example\nquorum w1\n"
    )
    settings.WITNESS_POLICY_FILE = str(file)
    return key


def cosign(log, key, text=None):
    note = Note.of((log.root / "checkpoint").read_bytes())
    line = Signature(key.name, key.verifier.key_id, key.sign(text or note.text, at=77))
    with connected("signer") as signer:
        signer.execute(
            "INSERT INTO audit_cosignature (checkpoint_id, name, key_id, line, stated_at)"
            " SELECT id, %s, %s, %s, to_timestamp(77) FROM audit_checkpoint",
            [key.name, key.verifier.key_id.hex(), str(line)],
        )


def test_the_cosignatures_of_witnesses_are_verified(log, witness):
    assert states(at(7))["Witnesses"] == WAITING
    cosign(log, witness)
    [told] = [check for check in prove(at(7)).checks if check.name == "Witnesses"]
    assert told.state == DONE
    key = witness.verifier.key_id.hex()
    assert f"witness.example/w1 (key {key}) at 1970-01-01 00:01:17 UTC" in told.detail


def test_a_cosignature_of_something_else_does_not_hold(log, witness):
    cosign(log, witness, str(log.signed(log.leaves[:5]).text))
    assert prove(at(7)).state == FAILED


def test_a_page_of_events_is_verified_with_as_many_queries_as_one(log, django_assert_num_queries):
    one, every = [at(3)], list(Event.objects.order_by("pk"))
    with django_assert_num_queries(8):
        prove_all(one)
    with django_assert_num_queries(8):
        page = ProvenPage(prove_all(every))
    assert (page.tone, page.wrong) == ("good", [])
    assert page.title == "Every event on this page verifies"
    assert [check.name for check in page.about_the_log] == ["Signature of the log", "Witnesses"]


def test_a_page_says_which_of_its_events_do_not_verify(log):
    tamper(ENTRY)
    page = ProvenPage(prove_all(list(Event.objects.order_by("pk"))))
    assert (page.tone, [one.event.pk for one in page.wrong]) == ("bad", [at(7).pk])
    assert page.title == "1 of 20 events do not verify"
